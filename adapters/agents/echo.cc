// EchoDriver: answers with the prompt itself.
#include "adapters/agents/echo.h"

#include <map>
#include <string>
#include <utility>

#include "adapters/agents/prompt_files.h"
#include "adapters/loop/timer.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/check.h"

namespace spine::agents {
namespace {

// Thread: loop. Answers "echo: <text>", at once or after a delay; needs nothing from outside, so
// it is always ready.
class EchoDriver final : public Driver {
 public:
  // `base` and `answers` outlive it. The delay applies to prompts that come after it was set.
  EchoDriver(event_base* base, Answers& answers, std::uint32_t delay_ms)
      : base_(base), answers_(answers), delay_ms_(delay_ms) {}
  EchoDriver(const EchoDriver&) = delete;
  EchoDriver& operator=(const EchoDriver&) = delete;

  config::Driver kind() const override { return config::Driver::echo; }
  // Fails the runs whose answers still wait.
  void fail_all(std::string_view why) override {
    for (const auto& [id, held] : held_) {
      const std::uint64_t us = pipeline::monotonic_now_us() - held->started_us;
      answers_.failed(held->run, fb::RunErrorKind::unknown, why, us / 1000);
    }
    failed_ += held_.size();
    held_.clear();
  }

  void configure(const config::AgentConfig& agent) override { delay_ms_ = agent.echo_delay_ms; }
  void prompt(const pipeline::PromptItem& prompt) override {
    const std::uint64_t now_us = pipeline::monotonic_now_us();
    const PromptFiles files(prompt);
    const std::string named = files.empty() ? "" : with_lines(prompt.text, files.lines());
    const std::string_view text = files.empty() ? prompt.text : std::string_view{named};
    if (delay_ms_ == 0) {
      give_answer(prompt.run, text, now_us);
      return;
    }
    auto held = std::make_unique<Held>();
    held->driver = this;
    held->run = prompt.run;
    held->text = text;
    held->started_us = now_us;
    held->timer.reset(evtimer_new(base_, &EchoDriver::on_timer, held.get()));
    const timeval delay = loop::in_ms(delay_ms_);
    SPINE_CHECK(held->timer != nullptr && evtimer_add(held->timer.get(), &delay) == 0);
    held_[prompt.run.value] = std::move(held);
  }

  void cancel(RunId run) override { aborted_ += held_.erase(run.value); }
  void report(pipeline::AgentReport& out) const override {
    out.driver = "echo";
    out.state = "ready";
    out.sandbox = "none";
    out.ready = 1;
    out.running = static_cast<std::uint32_t>(held_.size());
    out.runs_finished = finished_;
    out.runs_failed = failed_;
    out.runs_aborted = aborted_;
  }

 private:
  // An answer that waits for its delay.
  struct Held {
    EchoDriver* driver{};
    RunId run{};
    std::string text{};
    std::uint64_t started_us{};
    loop::EventPtr timer{};
  };
  void give_answer(RunId run, std::string_view text, std::uint64_t started_us) {
    std::string reply = "echo: ";
    reply += text;
    answers_.delta(run, reply);
    const std::uint64_t us = pipeline::monotonic_now_us() - started_us;
    answers_.finished(
        run, {.text = reply, .provider = "spine", .model = "echo", .duration_ms = us / 1000});
    ++finished_;
  }

  static void on_timer(evutil_socket_t, short, void* context) {
    const auto* due = static_cast<const Held*>(context);
    EchoDriver& driver = *due->driver;
    const auto node = driver.held_.extract(due->run.value);
    SPINE_CHECK(!node.empty());
    driver.give_answer(due->run, due->text, due->started_us);
  }

  event_base* base_;
  Answers& answers_;
  std::uint64_t finished_{};
  std::uint64_t failed_{};
  std::uint64_t aborted_{};
  std::uint32_t delay_ms_;
  std::map<std::uint64_t, std::unique_ptr<Held>> held_{};  // by run; bounded by the open runs
};

}  // namespace

std::unique_ptr<Driver> make_echo_driver(event_base* base, Answers& answers,
                                         std::uint32_t delay_ms) {
  return std::make_unique<EchoDriver>(base, answers, delay_ms);
}

}  // namespace spine::agents
