// EchoDriver: the built-in agent "spine/echo", which answers with what it was told.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "adapters/agents/answers.h"
#include "adapters/agents/driver.h"
#include "adapters/loop/timer.h"

namespace spine::agents {

inline constexpr std::string_view kEchoModel = "spine/echo";

// Thread: loop. Answers "echo: <text>", at once or after a delay; needs nothing from outside, so
// it is always ready.
class EchoDriver final : public Driver {
 public:
  // `base` and `answers` outlive it. The delay applies to prompts that come after it was set.
  EchoDriver(event_base* base, Answers& answers, std::uint32_t delay_ms);
  EchoDriver(const EchoDriver&) = delete;
  EchoDriver& operator=(const EchoDriver&) = delete;

  config::Driver kind() const override { return config::Driver::echo; }
  // Fails the runs whose answers still wait.
  void fail_all(std::string_view why) override;
  void configure(const config::AgentConfig& agent) override { delay_ms_ = agent.echo_delay_ms; }
  void prompt(const pipeline::PromptItem& prompt) override;
  void cancel(RunId run) override;
  void report(pipeline::AgentReport& out) const override;

 private:
  // An answer that waits for its delay.
  struct Held {
    EchoDriver* driver{};
    RunId run{};
    std::string text{};
    std::uint64_t started_us{};
    loop::EventPtr timer{};
  };
  void give_answer(RunId run, std::string_view text, std::uint64_t started_us);
  static void on_timer(evutil_socket_t, short, void* held);

  event_base* base_;
  Answers& answers_;
  std::uint64_t finished_{};
  std::uint64_t failed_{};
  std::uint64_t aborted_{};
  std::uint32_t delay_ms_;
  std::map<std::uint64_t, std::unique_ptr<Held>> held_{};  // by run; bounded by the open runs
};

}  // namespace spine::agents
