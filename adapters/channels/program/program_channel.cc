// ProgramChannel: the process, what it says, and what it was given.
#include "adapters/channels/program/program_channel.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "adapters/agents/process/child.h"
#include "adapters/agents/process/error_summary.h"
#include "adapters/agents/process/launch.h"
#include "adapters/channels/program/program_lines.h"
#include "adapters/loop/timer.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::channels {
namespace {

constexpr log::Logger kLog{"channels"};
constexpr timeval kTurn = loop::in_ms(100);  // how soon its output is read again
constexpr std::uint64_t kSilentMs = 30'000;  // then its state says that it says none
constexpr std::size_t kTypesLoggedMax = 16;  // unknown ones
constexpr std::size_t kBehindBytes = 4'096;  // that wait for it: what is cosmetic is left out
constexpr std::size_t kShownBytes = 200;     // of a line that is not understood

// As for an agent of that id, which no agent can have.
config::AgentConfig as_agent(const config::ChannelConfig& channel) {
  config::AgentConfig agent;
  agent.id = "channel." + channel.name;
  agent.process.command = channel.program.command.front();
  agent.process.args.assign(channel.program.command.begin() + 1, channel.program.command.end());
  agent.process.env = channel.program.env;
  agent.process.cwd = channel.program.cwd;
  if (!channel.program.cwd.empty()) agent.process.sandbox.write = {channel.program.cwd};
  return agent;
}

Result<agents::Launch> launch_of(const config::ChannelConfig& channel,
                                 const agents::GatewayPlaces& gateway) {
  const config::AgentConfig agent = as_agent(channel);
  SPINE_TRY(const agents::AgentPlaces places, agents::make_places(gateway, agent));
  const agents::SeparationMeans means = agents::find_separation_means();
  SPINE_TRY(agents::Launch launch,
            agents::prepare_launch({.agent = agent,
                                    .gateway = gateway,
                                    .places = places,
                                    .means = means,
                                    .command_line = channel.program.command,
                                    .who = fmt::format("Channel {}", printable(channel.name)),
                                    .keys = fmt::format("channels.{}.", printable(channel.name))}));
  launch.plan.line_bytes_max = limits::kProgramLineBytesMax;
  launch.plan.input_bytes_max = limits::kProgramInputBytesMax;
  return launch;
}

class ProgramChannel final : public Channel, public agents::ChildEvents {
 public:
  ProgramChannel(const ChannelSetup& setup, const agents::GatewayPlaces& gateway)
      : setup_(setup),
        gateway_(gateway),
        reports_(setup.reports),
        turn_(
            setup.base, [this] { on_turn(); }, loop::Timer::Again::yes),
        ending_(setup.base, [this] { end_harder(); }) {}

  Status start() override;
  void deliver(const Delivery& delivery) override;
  // One that does not read its lines does not learn of it, and loses nothing.
  void acknowledged(std::string_view identity, std::string_view position) override {
    if (!muted_ && identity == reports_.now().identity) write(acknowledged_line(position));
  }
  void begin_work(const Work& work) override;
  void end_work(RunId run) override;
  void stop() override;
  bool ended() const override { return child_ == nullptr; }

  void on_line(std::string_view line) override;
  void on_stderr(std::string_view line) override;
  void on_line_too_long() override;
  void on_exit(const agents::ChildExit& exit) override;

 private:
  struct Given {
    EffectId effect{};
    std::uint32_t pieces{};
    std::uint64_t from{};  // of all bytes that were written to it: where the line begins
    std::uint64_t due_ms{};
  };

  // Where a run is worked on. Of several at one place the program is told once.
  struct Place {
    fb::ConversationKind kind{};
    std::string id{};
    std::string thread{};
    bool operator==(const Place&) const = default;
  };

  bool write(std::string_view line);
  bool is_worked_on(const Place& place) const;
  void take(const SaidNothing&) {}
  void take(SaidMessage& said);
  void take(const SaidState& said);
  void take(const SaidDelivered& said);
  void take(const SaidFailed& said);
  void take(const SaidOther& said);
  void take(const SaidWrong& said);
  bool settle(DeliveryId delivery, Given& given);
  void fail_open(std::string_view why);
  void give_up(std::string_view why);
  void on_turn();
  void end_harder();
  std::string name() const { return printable(reports_.channel()); }

  const ChannelSetup setup_;
  const agents::GatewayPlaces& gateway_;
  Reports& reports_;
  ProgramReader reader_{};
  agents::Child::Ptr child_{};
  std::string sandbox_{};
  loop::Timer turn_;
  loop::Timer ending_;
  std::map<std::uint64_t, Given> open_{};       // by delivery
  std::map<std::uint64_t, Place> works_{};      // by run
  std::set<std::string, std::less<>> types_{};  // unknown ones that were logged
  std::uint64_t written_{};                     // bytes of all lines
  std::uint64_t started_ms_{};
  std::uint32_t odd_lines_{};  // in a row
  int signal_{SIGTERM};        // the next step of its end
  bool muted_{};               // what it says does not count any more
  bool paused_{};
};

Status ProgramChannel::start() {
  SPINE_TRY(agents::Launch launch, launch_of(setup_.config, gateway_));
  sandbox_ = launch.sandbox;
  started_ms_ = pipeline::boottime_now_ms();
  SPINE_TRY(child_, agents::Child::spawn(setup_.base, std::move(launch.plan), *this));
  kLog.info("{}: its program runs, pid {}, sandbox {}", name(), child_->pid(), sandbox_);
  const AccountState& now = reports_.now();
  const bool same = now.position_of.empty() || now.position_of == now.identity;
  write(start_line(reports_.channel(), reports_.account(), same ? now.position : std::string(),
                   now.identity));
  turn_.start(kTurn);
  return ok();
}

bool ProgramChannel::write(std::string_view line) {
  if (child_ == nullptr || !child_->write(line)) return false;
  written_ += line.size() + 1;
  return true;
}

void ProgramChannel::deliver(const Delivery& delivery) {
  const std::string line = deliver_line(delivery);
  const std::uint64_t from = written_;
  const bool fits = line.size() < limits::kProgramInputBytesMax;
  if (!muted_ && write(line)) {
    open_[delivery.delivery.value] = {
        .effect = delivery.effect,
        .pieces = delivery.pieces,
        .from = from,
        .due_ms = pipeline::boottime_now_ms() + limits::kProgramOutcomeMs};
    return;
  }
  reports_.failed(delivery.delivery, delivery.effect,
                  {.kind = fits ? fb::DeliveryFailure::not_ready : fb::DeliveryFailure::permanent,
                   .reason = fits ? "The program of the channel does not read what it is told."
                                  : "The text is too long for a channel that is a program.",
                   .pieces = delivery.pieces});
}

bool ProgramChannel::is_worked_on(const Place& place) const {
  return std::ranges::any_of(works_, [&](const auto& entry) { return entry.second == place; });
}

void ProgramChannel::begin_work(const Work& work) {
  const Place place{work.conversation, std::string(work.conversation_id), std::string(work.thread)};
  const bool known = is_worked_on(place);
  // A program that does not read has other things to catch up with.
  const bool reads = child_ != nullptr && child_->input_waiting() < kBehindBytes;
  if (muted_ || (!known && !reads)) return;
  works_[work.run.value] = place;
  if (!known) write(working_line(work, true));
}

void ProgramChannel::end_work(RunId run) {
  const auto found = works_.find(run.value);
  if (found == works_.end()) return;
  const Place place = std::move(found->second);
  works_.erase(found);
  if (muted_ || is_worked_on(place)) return;
  write(working_line(
      {.conversation = place.kind, .conversation_id = place.id, .thread = place.thread}, false));
}

// Nothing of what is still in our queue has reached it.
void ProgramChannel::fail_open(std::string_view why) {
  const std::uint64_t reached = written_ - (child_ == nullptr ? 0 : child_->input_waiting());
  for (const auto& [delivery, given] : std::exchange(open_, {})) {
    const bool unseen = given.from >= reached;
    reports_.failed(DeliveryId{delivery}, given.effect,
                    {.kind = unseen ? fb::DeliveryFailure::not_ready : fb::DeliveryFailure::unknown,
                     .reason = why,
                     .pieces = given.pieces});
  }
}

void ProgramChannel::stop() {
  muted_ = true;
  turn_.stop();
  fail_open("The channel was stopped before its program said what became of it.");
  if (child_ == nullptr) return;
  child_->pause_output(false);
  child_->write(stop_line());
  child_->close_input();
  ending_.start(loop::in_ms(limits::kProgramStopMs));
}

void ProgramChannel::end_harder() {
  if (child_ == nullptr) return;
  child_->signal(std::exchange(signal_, SIGKILL));
  ending_.start(loop::in_ms(limits::kProgramStopMs));
}

// The state comes first: what fails must not be tried again at once.
void ProgramChannel::give_up(std::string_view why) {
  if (muted_) return;
  muted_ = true;
  setup_.give_up(why);
  fail_open(why);
}

void ProgramChannel::on_line(std::string_view line) {
  if (muted_) return;
  Said said = reader_.read(line);
  if (!std::holds_alternative<SaidWrong>(said)) odd_lines_ = 0;
  if (auto* bad = std::get_if<SaidWrong>(&said)) {
    bad->why += fmt::format(": {}", printable(line.substr(0, kShownBytes)));
  }
  std::visit([this](auto& what) { take(what); }, said);
  if (!paused_ && !reports_.has_room()) {
    paused_ = true;
    child_->pause_output(true);
  }
}

void ProgramChannel::take(SaidMessage& said) {
  if (said.message.timestamp_ms == 0) said.message.timestamp_ms = pipeline::wall_now_ms();
  reports_.exchanged();
  const std::string position(said.position);
  reports_.received(std::move(said.message));
  if (!position.empty()) {
    const std::string identity = reports_.now().identity;
    reports_.read_up_to(identity, position);
  }
}

void ProgramChannel::take(const SaidState& said) {
  if (said.state == fb::ChannelState::connected) reports_.exchanged();
  reports_.state(said.state, said.problem, said.identity);
}

// False, and a line in the log, when it has no such delivery.
bool ProgramChannel::settle(DeliveryId delivery, Given& given) {
  const auto found = open_.find(delivery.value);
  if (found == open_.end()) {
    kLog.warn("{}: its program speaks of the delivery {}, which it does not have: ignored", name(),
              delivery.value);
    return false;
  }
  given = found->second;
  open_.erase(found);
  return true;
}

void ProgramChannel::take(const SaidDelivered& said) {
  Given given;
  if (!settle(said.delivery, given)) return;
  reports_.exchanged();
  reports_.confirmed(said.delivery, given.effect, said.ids);
}

void ProgramChannel::take(const SaidFailed& said) {
  Given given;
  if (!settle(said.delivery, given)) return;
  reports_.failed(
      said.delivery, given.effect,
      {.kind = said.kind,
       .reason = said.reason.empty() ? "The program of the channel gave no reason." : said.reason,
       .retry_after_ms = said.retry_after_ms,
       .pieces = given.pieces});
}

void ProgramChannel::take(const SaidOther& said) {
  if (types_.size() == kTypesLoggedMax || types_.contains(said.type)) return;
  types_.emplace(said.type.substr(0, kShownBytes));
  kLog.info("{}: its program says \"{}\", which this version does not know: ignored", name(),
            printable(said.type.substr(0, kShownBytes)));
}

void ProgramChannel::take(const SaidWrong& said) {
  odd_lines_ += 1;
  kLog.warn("{}: a line of its program is not understood: {}", name(),
            agents::hide_secrets(said.why));
  if (odd_lines_ < limits::kProgramOddLinesMax) return;
  give_up(fmt::format("{} lines of its program in a row were not understood; the last: {}.",
                      odd_lines_, agents::hide_secrets(said.why)));
}

void ProgramChannel::on_stderr(std::string_view line) {
  kLog.info("{}: {}", name(), printable(line));
}

void ProgramChannel::on_line_too_long() {
  give_up(fmt::format("Its program wrote a line of more than {}.",
                      show_bytes(limits::kProgramLineBytesMax)));
}

void ProgramChannel::on_exit(const agents::ChildExit& exit) {
  turn_.stop();
  ending_.stop();
  if (!muted_) {
    std::string why =
        "Its program " + agents::exit_in_words(agents::exit_of_program(exit, sandbox_));
    const std::string words = agents::hide_secrets(
        log::redacted(printable(agents::error_summary(child_->stderr_tail()))));
    why += words.empty() ? "." : fmt::format(": {}", words);
    give_up(why);
  }
  child_.reset();
}

void ProgramChannel::on_turn() {
  if (paused_ && reports_.has_room()) {
    paused_ = false;
    child_->pause_output(false);
  }
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  const AccountState& now = reports_.now();
  const bool silent = now.state == fb::ChannelState::starting && now.problem.empty();
  if (silent && now_ms - started_ms_ >= kSilentMs) {
    reports_.state(fb::ChannelState::starting,
                   "Its program runs and has not said a state yet: it has to write "
                   "{\"type\":\"state\",\"state\":\"connected\"} once it is.");
  }
  for (const auto& [delivery, given] : open_) {
    if (given.due_ms > now_ms) continue;
    return give_up(fmt::format("Its program did not say within {} what became of a delivery.",
                               show_duration_ms(limits::kProgramOutcomeMs)));
  }
}

}  // namespace

std::unique_ptr<Channel> make_program_channel(const ChannelSetup& setup,
                                              const agents::GatewayPlaces& gateway) {
  return std::make_unique<ProgramChannel>(setup, gateway);
}

}  // namespace spine::channels
