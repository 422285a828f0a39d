// LoopThread: the libevent thread: timers, signals, inputs to the engine, and its outbox items.
#pragma once

#include <functional>
#include <memory>

#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/outbox.h"
#include "engine/pipeline/queues/shared.h"
#include "schemas/vocab/result.h"

struct event_base;

namespace spine::loop {

// Called on the loop thread; must not throw.
struct Hooks {
  std::function<void(const pipeline::PromptItem&)> on_prompt{};  // borrowed: valid for the call
  std::function<void(RunId)> on_cancel{};
  std::function<void(const pipeline::SteerItem&)> on_steer{};      // borrowed, too
  std::function<void(const pipeline::AnswerItem&)> on_answer{};    // borrowed, too
  std::function<void(const pipeline::ControlItem&)> on_control{};  // borrowed, too
  std::function<void(const pipeline::DeliverItem&)> on_deliver{};  // borrowed, too
  std::function<void(const pipeline::ReadUpToItem&)> on_read{};    // borrowed, too
  std::function<void(const pipeline::WorkItem&)> on_work{};        // borrowed, too
  std::function<void(const pipeline::DeltaItem&)> on_delta{};      // borrowed, too
  std::function<void(const pipeline::SwitchItem&)> on_switch{};    // borrowed, too
  // A question about the past; `to` and `request` are those of its answer. Borrowed, too.
  std::function<void(ConnectionRef to, std::uint64_t request, const pipeline::PastQuestionItem&)>
      on_past{};
  // A signal asks to stop: nothing new is to be begun.
  std::function<void()> on_stop_signal{};
  // Whether what had been begun is over; it is waited for, up to kDrainMsMax.
  std::function<bool()> drained{};
  // The engine is about to be stopped: the last chance to send it inputs.
  std::function<void()> on_stop_asked{};
  // The engine has stopped; the loop runs on until ended() returns true, or for kStopMsMax.
  std::function<void()> on_stopping{};
  std::function<bool()> ended{};
  std::function<void()> on_reload{};  // SIGHUP
};

// Life cycle: create() before the engine, which needs outbox(); start() after recovery; stop() when
// the engine has ended. The first SIGTERM or SIGINT becomes a kStop input (graceful shutdown), the
// second ends the process at once with exit code 1, even while the engine is stopping.
class LoopThread {
 public:
  // `shared` and `ingress` outlive it. Errors: Errc::io when the kernel gives no descriptor.
  static Result<std::unique_ptr<LoopThread>> create(pipeline::Shared& shared,
                                                    pipeline::Ingress& ingress);
  ~LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  pipeline::Outbox& outbox();
  // For the other parts that run on this thread: their timers, descriptors and inputs. The loop
  // flushes the producer. Thread: main before start(), the loop thread afterwards.
  event_base* base();
  pipeline::IngressProducer& producer();

  // REQUIRES: block_signals() was called on this thread; on_prompt and on_cancel are set.
  void start(Hooks hooks);
  // Ends the loop and waits for its thread. Thread: main.
  void stop();

 private:
  struct State;
  explicit LoopThread(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace spine::loop
