// EchoDriver: answers with the prompt itself.
#include "adapters/agents/echo.h"

#include <utility>

#include "engine/pipeline/clock.h"
#include "schemas/vocab/check.h"

namespace spine::agents {

EchoDriver::EchoDriver(event_base* base, Answers& answers, std::uint32_t delay_ms)
    : base_(base), answers_(answers), delay_ms_(delay_ms) {}

void EchoDriver::fail_all(std::string_view why) {
  for (const auto& [id, held] : held_) {
    const std::uint64_t us = pipeline::monotonic_now_us() - held->started_us;
    answers_.failed(held->run, fb::RunErrorKind::unknown, why, us / 1000);
  }
  failed_ += held_.size();
  held_.clear();
}

void EchoDriver::report(pipeline::AgentReport& out) const {
  out.driver = "echo";
  out.state = "ready";
  out.sandbox = "none";
  out.ready = 1;
  out.running = static_cast<std::uint32_t>(held_.size());
  out.runs_finished = finished_;
  out.runs_failed = failed_;
  out.runs_aborted = aborted_;
}

void EchoDriver::prompt(const pipeline::PromptItem& prompt) {
  const std::uint64_t now_us = pipeline::monotonic_now_us();
  if (delay_ms_ == 0) {
    give_answer(prompt.run, prompt.text, now_us);
    return;
  }
  auto held = std::make_unique<Held>();
  held->driver = this;
  held->run = prompt.run;
  held->text = prompt.text;
  held->started_us = now_us;
  held->timer.reset(evtimer_new(base_, &EchoDriver::on_timer, held.get()));
  const timeval delay = loop::in_ms(delay_ms_);
  SPINE_CHECK(held->timer != nullptr && evtimer_add(held->timer.get(), &delay) == 0);
  held_[prompt.run.value] = std::move(held);
}

void EchoDriver::cancel(RunId run) {
  aborted_ += held_.erase(run.value);
}

void EchoDriver::on_timer(evutil_socket_t, short, void* context) {
  const auto* due = static_cast<const Held*>(context);
  EchoDriver& driver = *due->driver;
  const auto node = driver.held_.extract(due->run.value);
  SPINE_CHECK(!node.empty());
  driver.give_answer(due->run, due->text, due->started_us);
}

void EchoDriver::give_answer(RunId run, std::string_view text, std::uint64_t started_us) {
  std::string reply = "echo: ";
  reply += text;
  answers_.delta(run, reply);
  const std::uint64_t us = pipeline::monotonic_now_us() - started_us;
  answers_.finished(
      run, {.text = reply, .provider = "spine", .model = "echo", .duration_ms = us / 1000});
  ++finished_;
}

}  // namespace spine::agents
