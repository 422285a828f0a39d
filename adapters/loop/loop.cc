// LoopThread: one turn takes outbox items, runs libevent, and flushes the inputs to the engine.
#include "adapters/loop/loop.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <pthread.h>
#include <string>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "adapters/loop/supervisor.h"
#include "adapters/loop/timer.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::loop {
namespace {

using pipeline::ItemKind;
namespace input_kind = pipeline::input_kind;

constexpr log::Logger kLog{"loop"};
// Outbox blocks taken before libevent runs.
constexpr int kBlocksPerTurn = 64;
// Watchdog: the engine turns at least once a second, but a disk may stall an fsync for a while.
// Longer than this is a hang, and systemd may restart the daemon.
constexpr std::uint64_t kEngineSilentMsMax = 30'000;
// Graceful shutdown: time-out for parts that end by themselves, and the polling interval.
constexpr std::uint64_t kStopMsMax = 3'000;
constexpr std::uint64_t kDrainMsMax = 2'000;  // before that, for calls under way to be answered
constexpr timeval kStopTick = in_ms(10);

struct FreeBase {
  void operator()(event_base* base) const { event_base_free(base); }
};
using BasePtr = std::unique_ptr<event_base, FreeBase>;

std::string_view signal_text(std::uint32_t number) {
  return number == SIGTERM ? "SIGTERM" : number == SIGINT ? "SIGINT" : "SIGHUP";
}

void drain_counter(int fd) {
  std::uint64_t count = 0;
  while (::read(fd, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

}  // namespace

struct LoopThread::State {
  State(pipeline::Shared& shared_in, pipeline::Ingress& ingress, BasePtr base_in, UniqueFd wake_in,
        UniqueFd deadline_in, UniqueFd signals_in)
      : shared(shared_in),
        base(std::move(base_in)),
        wake(std::move(wake_in)),
        deadline(std::move(deadline_in)),
        signals(std::move(signals_in)),
        outbox(&State::on_wake_wanted, this),
        producer(ingress.add_producer(nullptr, nullptr)),
        drain(base.get(), [this] { ask_to_stop(); }) {}

  void run() {
    ::pthread_setname_np(::pthread_self(), "loop");
    Timer second(
        base.get(), [this] { every_second(); }, Timer::Again::yes);
    second.start(in_ms(1'000));
    listen(wake.get(), &State::on_wake);
    listen(deadline.get(), &State::on_deadline);
    listen(signals.get(), &State::on_signal_ready);
    while (!ending.load(std::memory_order_acquire)) {
      take_items();
      producer.flush();
      const int flags = outbox.about_to_sleep() ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE;
      event_base_loop(base.get(), flags);
      outbox.awake();
      producer.flush();
    }
    wait_for_end();
    events.clear();
  }

  void take_items() {
    for (int i = 0; i < kBlocksPerTurn; ++i) {
      pipeline::OutBlock* block = outbox.poll();
      if (block == nullptr) return;
      block->for_each([this](const pipeline::OutHeader& header, ByteSpan payload) {
        take_item(header, payload);
      });
      outbox.release(block);
    }
  }

  // Waits, with a bound, for what was asked to end.
  void wait_for_end() {
    take_items();
    if (!hooks.ended) return;
    Timer tick(
        base.get(), [] {}, Timer::Again::yes);
    tick.start(kStopTick);
    const std::uint64_t until_ms = pipeline::boottime_now_ms() + kStopMsMax;
    while (!hooks.ended() && pipeline::boottime_now_ms() < until_ms)
      event_base_loop(base.get(), EVLOOP_ONCE);
  }

  void take_item(const pipeline::OutHeader& header, ByteSpan payload) {
    switch (static_cast<ItemKind>(header.kind)) {
      case ItemKind::prompt:
        pipeline::read(payload, prompt);
        if (!stopping) hooks.on_prompt(prompt);
        return;
      case ItemKind::cancel:
        pipeline::read(payload, cancel);
        hooks.on_cancel(cancel.run);
        return;
      case ItemKind::arm:
        pipeline::read(payload, arm_item);
        arm(arm_item);
        return;
      case ItemKind::steer:
        pipeline::read(payload, steer);
        if (!stopping && hooks.on_steer) hooks.on_steer(steer);
        return;
      case ItemKind::answer:
        pipeline::read(payload, answer);
        if (hooks.on_answer) hooks.on_answer(answer);
        return;
      case ItemKind::control:
        pipeline::read(payload, control);
        if (!stopping && hooks.on_control) hooks.on_control(control);
        return;
      case ItemKind::deliver:
        pipeline::read(payload, deliver);
        if (!stopping && hooks.on_deliver) hooks.on_deliver(deliver);
        return;
      case ItemKind::read_up_to:
        pipeline::read(payload, read_up_to);
        if (!stopping && hooks.on_read) hooks.on_read(read_up_to);
        return;
      case ItemKind::work:
        pipeline::read(payload, work);
        if (!stopping && hooks.on_work) hooks.on_work(work);
        return;
      case ItemKind::delta:
        pipeline::read(payload, delta);
        if (!stopping && hooks.on_delta) hooks.on_delta(delta);
        return;
      case ItemKind::switch_channel:
        pipeline::read(payload, switch_item);
        if (!stopping && hooks.on_switch) hooks.on_switch(switch_item);
        return;
      case ItemKind::past_question:
        pipeline::read(payload, past_question);
        if (!stopping && hooks.on_past)
          hooks.on_past(header.connection, header.request, past_question);
        return;
      case ItemKind::stopping:
        stopping = true;
        if (hooks.on_stopping) hooks.on_stopping();
        return;
      default:
        SPINE_CHECK(false);  // the engine sends the rest to the net thread
    }
  }

  void arm(const pipeline::ArmItem& item) {
    itimerspec due{};
    if (item.deadline_ms != 0) {
      const std::uint64_t ms = item.deadline_ms > item.now_ms ? item.deadline_ms - item.now_ms : 0;
      due.it_value.tv_sec = static_cast<time_t>(ms / 1000);
      // Zero would disarm the timer, so a deadline that has passed becomes one nanosecond.
      due.it_value.tv_nsec = static_cast<long>(ms % 1000 * 1'000'000 + (ms == 0 ? 1 : 0));
    }
    SPINE_CHECK(::timerfd_settime(deadline.get(), 0, &due, nullptr) == 0);
  }

  void push(std::uint16_t kind, std::string_view text) {
    const pipeline::InputHeader header{.kind = kind,
                                       .source = static_cast<std::uint16_t>(Source::loop)};
    producer.push(header, as_bytes(text));
  }
  void on_signal(std::uint32_t number) {
    if (number == SIGHUP) {
      kLog.info("SIGHUP: reading the configuration again");
      if (hooks.on_reload) hooks.on_reload();
      return;
    }
    if (stop_asked) {
      kLog.warn("{} again: ending at once", signal_text(number));
      ::_exit(1);
    }
    stop_asked = true;
    kLog.info("{}: stopping", signal_text(number));
    notify_stopping();
    stop_signal = number;
    drain_until_ms = pipeline::boottime_now_ms() + kDrainMsMax;
    if (hooks.on_stop_signal) hooks.on_stop_signal();
    ask_to_stop();
  }

  void ask_to_stop() {
    const bool drained = !hooks.drained || hooks.drained();
    if (!drained && pipeline::boottime_now_ms() < drain_until_ms) return drain.start(kStopTick);
    if (hooks.on_stop_asked) hooks.on_stop_asked();
    push(input_kind::kStop, signal_text(stop_signal));
  }

  void every_second() {
    if (stopping || shared.phase.load(std::memory_order_acquire) != pipeline::Phase::ready) return;
    push(input_kind::kMeasureClock, {});
    const std::uint64_t last = shared.engine_turn_ms.load(std::memory_order_relaxed);
    if (last + kEngineSilentMsMax > pipeline::boottime_now_ms()) notify_alive();
  }
  void listen(int fd, event_callback_fn callback) {
    EventPtr entry(event_new(base.get(), fd, EV_READ | EV_PERSIST, callback, this));
    SPINE_CHECK(entry != nullptr && event_add(entry.get(), nullptr) == 0);
    events.push_back(std::move(entry));
  }
  void wake_up() const {
    const std::uint64_t one = 1;
    // The counter can only be full when a wake-up is pending already.
    [[maybe_unused]] const ssize_t written = ::write(wake.get(), &one, sizeof one);
  }

  static void on_wake_wanted(void* self) { static_cast<State*>(self)->wake_up(); }
  static void on_wake(evutil_socket_t fd, short, void*) { drain_counter(fd); }
  static void on_deadline(evutil_socket_t fd, short, void* self) {
    drain_counter(fd);
    static_cast<State*>(self)->push(input_kind::kDeadline, {});
  }
  static void on_signal_ready(evutil_socket_t fd, short, void* self) {
    signalfd_siginfo info{};
    while (::read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      static_cast<State*>(self)->on_signal(info.ssi_signo);
    }
  }

  pipeline::Shared& shared;
  BasePtr base;
  UniqueFd wake;      // eventfd: outbox items, stop()
  UniqueFd deadline;  // timerfd on boot time, which counts while the machine sleeps
  UniqueFd signals;   // signalfd
  pipeline::Outbox outbox;
  pipeline::IngressProducer& producer;
  Timer drain;
  std::uint64_t drain_until_ms{};
  std::uint32_t stop_signal{};
  std::vector<EventPtr> events{};
  Hooks hooks{};
  std::thread thread{};
  std::atomic<bool> ending{false};  // release in stop(), acquire in run()
  bool stop_asked{};
  bool stopping{};  // the engine has sent its last item
  pipeline::PromptItem prompt{};
  pipeline::CancelItem cancel{};
  pipeline::SteerItem steer{};
  pipeline::AnswerItem answer{};
  pipeline::ControlItem control{};
  pipeline::ArmItem arm_item{};
  pipeline::DeliverItem deliver{};
  pipeline::ReadUpToItem read_up_to{};
  pipeline::WorkItem work{};
  pipeline::DeltaItem delta{};
  pipeline::SwitchItem switch_item{};
  pipeline::PastQuestionItem past_question{};
};

LoopThread::LoopThread(std::unique_ptr<State> state) : state_(std::move(state)) {}

LoopThread::~LoopThread() {
  stop();
}

Result<std::unique_ptr<LoopThread>> LoopThread::create(pipeline::Shared& shared,
                                                       pipeline::Ingress& ingress) {
  const auto failed = [](std::string_view what) {
    return Error{Errc::io, "Cannot start the timer loop: " + std::string(what) + ": " +
                               std::strerror(errno) + "."};
  };
  BasePtr base(event_base_new());
  if (base == nullptr) return failed("libevent");
  UniqueFd wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (wake.get() < 0) return failed("eventfd");
  UniqueFd deadline(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  if (deadline.get() < 0) return failed("timerfd");
  const sigset_t set = handled_signals();
  UniqueFd signals(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (signals.get() < 0) return failed("signalfd");
  auto state = std::make_unique<State>(shared, ingress, std::move(base), std::move(wake),
                                       std::move(deadline), std::move(signals));
  return std::unique_ptr<LoopThread>(new LoopThread(std::move(state)));
}

pipeline::Outbox& LoopThread::outbox() {
  return state_->outbox;
}
event_base* LoopThread::base() {
  return state_->base.get();
}
pipeline::IngressProducer& LoopThread::producer() {
  return state_->producer;
}

void LoopThread::start(Hooks hooks) {
  SPINE_CHECK(!state_->thread.joinable() && hooks.on_prompt && hooks.on_cancel);
  state_->hooks = std::move(hooks);
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void LoopThread::stop() {
  if (!state_->thread.joinable()) return;
  state_->ending.store(true, std::memory_order_release);
  state_->wake_up();
  state_->thread.join();
}

}  // namespace spine::loop
