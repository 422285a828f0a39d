// Tests of ChannelHost with channels of our own making: who is started, stopped, started again, and
// what becomes of deliveries.
#include "adapters/channels/host/host.h"

#include <event2/event.h>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/pipeline/queues/ingress.h"
#include "schemas/event_verify.h"

#include "event_generated.h"

namespace spine::channels {
namespace {

using config::ChannelConfig;

struct FreeBase {
  void operator()(event_base* base) const { event_base_free(base); }
};

// How the fakes behave, and what happened to them.
struct Script {
  Status start = ok();
  bool start_throws{};
  bool deliver_throws{};
  bool reports_on_stop{true};
  bool takes_webhooks{};
  int made{};
  int stopped{};
  int alive{};
  std::vector<std::uint64_t> given{};
  std::function<void(std::string_view)> give_up{};
  std::string position{};
  std::vector<std::string> work{};  // "+1 at bubble", "1: text", "-1"
};

class FakeChannel final : public Channel {
 public:
  FakeChannel(Script& script, const ChannelSetup& setup) : script_(script), setup_(setup) {
    script_.made += 1;
    script_.alive += 1;
    script_.give_up = setup.give_up;
    script_.position = setup.reports.now().position;
  }
  ~FakeChannel() override { script_.alive -= 1; }

  Status start() override {
    if (script_.start_throws) throw std::runtime_error("boom");
    if (script_.start) setup_.reports.state(fb::ChannelState::connected);
    return script_.start;
  }
  void deliver(const Delivery& delivery) override {
    if (script_.deliver_throws) throw std::runtime_error("bang");
    script_.given.push_back(delivery.delivery.value);
  }
  void webhook(const Webhook& request, AnswerWebhook answer) override {
    if (!script_.takes_webhooks) return Channel::webhook(request, std::move(answer));
    if (request.body == "boom") throw std::runtime_error("boom");
    answer(200, request.body);
  }
  void begin_work(const Work& work) override {
    note("+" + std::to_string(work.run.value) + " at " + std::string(work.preview_id));
  }
  void show_text(RunId run, std::string_view text, bool behind) override {
    note(std::to_string(run.value) + (behind ? " behind: " : ": ") + std::string(text));
    if (text == "shown") setup_.reports.previewed(run, "bubble");
  }
  void end_work(RunId run) override { note("-" + std::to_string(run.value)); }
  void stop() override {
    script_.stopped += 1;
    if (!script_.reports_on_stop) return;
    const auto open = setup_.reports.open();
    for (const auto& [delivery, effect] : open)
      setup_.reports.failed(DeliveryId{delivery}, effect, {.kind = fb::DeliveryFailure::not_ready});
  }

 private:
  void note(std::string what) { script_.work.push_back(std::move(what)); }

  Script& script_;
  const ChannelSetup setup_;
};

class ChannelHostTest : public ::testing::Test {
 protected:
  ChannelHostTest() : producer_(ingress_.add_producer(nullptr, nullptr)) {}

  std::unique_ptr<ChannelHost> host(std::vector<core::ChannelView> known = {}) {
    ChannelKind kind{
        .name = "fake",
        .serves = [](const ChannelConfig& channel) { return !channel.program.command.empty(); },
        .accounts = [](const ChannelConfig&) { return std::vector<std::string>{""}; },
        .same = [](const ChannelConfig& a,
                   const ChannelConfig& b) { return a.program == b.program; },
        .make =
            [this](const ChannelSetup& setup, const std::string&, const HostMeans&) {
              return std::make_unique<FakeChannel>(scripts_[setup.config.name], setup);
            }};
    return std::make_unique<ChannelHost>(base_.get(), producer_, shared_, agents::GatewayPlaces{},
                                         std::move(known), nullptr, std::vector<ChannelKind>{kind});
  }
  static ChannelConfig channel(std::string name, std::string command = "x") {
    ChannelConfig out{.name = std::move(name)};
    out.program.command = {std::move(command)};
    return out;
  }
  void turn_until(const std::function<bool()>& done) {
    while (!done())
      event_base_loop(base_.get(), EVLOOP_ONCE);
  }
  pipeline::DeliverItem item(std::string_view channel, std::uint64_t id) const {
    return {.effect = {.seq = Seq{id + 1}},
            .delivery = DeliveryId{id},
            .attempt = 1,
            .channel = channel};
  }
  // What was reported since the last call, in short: "a connected", "a 5 not_ready".
  std::vector<std::string> told() {
    std::vector<std::string> out;
    producer_.flush();
    std::vector<pipeline::IngressBlock*> blocks;
    ingress_.drain(blocks, SIZE_MAX);
    for (pipeline::IngressBlock* block : blocks) {
      block->for_each([&](const pipeline::InputHeader& header, ByteSpan body) {
        EXPECT_TRUE(verify_event_body(header.kind, body));
        out.push_back(in_words(header.kind, body));
      });
      ingress_.recycle(block);
    }
    return out;
  }
  static std::string in_words(std::uint16_t kind, ByteSpan body) {
    if (kind == static_cast<std::uint16_t>(fb::EventBody::ChannelStateChanged)) {
      const auto& state = *flatbuffers::GetRoot<fb::ChannelStateChanged>(body.data());
      return state.channel()->str() + " " + fb::EnumNameChannelState(state.state());
    }
    if (kind == static_cast<std::uint16_t>(fb::EventBody::DeliveryFailed)) {
      const auto& failed = *flatbuffers::GetRoot<fb::DeliveryFailed>(body.data());
      return std::to_string(failed.delivery()) + " " + fb::EnumNameDeliveryFailure(failed.kind());
    }
    return "?";
  }
  static bool has(const std::vector<std::string>& list, std::string_view what) {
    return std::ranges::find(list, what) != list.end();
  }

  std::unique_ptr<event_base, FreeBase> base_{event_base_new()};
  pipeline::Ingress ingress_{};
  pipeline::IngressProducer& producer_;
  pipeline::Shared shared_{};
  std::map<std::string, Script> scripts_{};
};

TEST_F(ChannelHostTest, StartsFromTheLoopAndGivesDeliveriesToTheirAccount) {
  const auto host = this->host();
  host->apply({channel("a"), channel("b"), {.name = "slack"}, {.name = "own-bridge"}});
  EXPECT_EQ(host->summary(), "a: starting; b: starting; slack: not served here");
  EXPECT_EQ(scripts_["a"].made, 0);
  host->deliver(item("a", 4));
  EXPECT_TRUE(has(told(), "4 not_ready"));
  turn_until([&] { return scripts_["b"].made == 1; });
  host->deliver(item("a", 5));
  host->deliver(item("nobody", 6));
  EXPECT_EQ(scripts_["a"].given, std::vector<std::uint64_t>{5});
  EXPECT_TRUE(scripts_["b"].given.empty());
  EXPECT_EQ(told(), (std::vector<std::string>{"a connected", "b connected", "6 not_ready"}));
  const auto report = shared_.channels.take();
  ASSERT_EQ(report->channels.size(), 3U);
  EXPECT_EQ(report->channels[0].state, "connected");
  EXPECT_EQ(report->channels[0].kind, "fake");
  EXPECT_EQ(report->channels[2].state, "not served");
}

TEST_F(ChannelHostTest, WhatGivesUpIsDownAndStartedAgainWithoutTouchingOthers) {
  const auto host = this->host();
  host->apply({channel("a"), channel("b")});
  turn_until([&] { return scripts_["b"].made == 1; });
  host->deliver(item("a", 5));
  told();
  scripts_["a"].give_up("The line broke.");
  host->deliver(item("a", 6));
  EXPECT_EQ(told(), (std::vector<std::string>{"a down", "6 not_ready"}));
  turn_until([&] { return scripts_["a"].made == 2; });
  EXPECT_EQ(told(), (std::vector<std::string>{"5 not_ready", "a starting", "a connected"}));
  EXPECT_EQ(scripts_["a"].alive, 1);
  EXPECT_EQ(scripts_["b"].made, 1);
  EXPECT_EQ(scripts_["b"].stopped, 0);
  auto report = shared_.channels.take();
  EXPECT_EQ(report->channels[0].restarts, 1U);
}

TEST_F(ChannelHostTest, WhatThrowsIsAFaultOfThatChannelAlone) {
  scripts_["a"].start_throws = true;
  scripts_["b"].deliver_throws = true;
  const auto host = this->host();
  host->apply({channel("a"), channel("b")});
  turn_until([&] { return scripts_["b"].made == 1; });
  EXPECT_TRUE(has(told(), "a down"));
  host->deliver(item("b", 5));
  EXPECT_EQ(told(), (std::vector<std::string>{"b down", "5 unknown"}));
  scripts_["a"].start_throws = false;
  turn_until([&] { return scripts_["a"].made == 2; });
  EXPECT_TRUE(has(told(), "a connected"));
}

TEST_F(ChannelHostTest, WhatCanNeverWorkWaitsForAnotherConfiguration) {
  scripts_["a"].start = Error{Errc::invalid_argument, "No token."};
  const auto host = this->host();
  host->apply({channel("a")});
  turn_until([&] { return scripts_["a"].made == 1; });
  EXPECT_TRUE(has(told(), "a down"));
  turn_until([&] { return scripts_["a"].alive == 0; });
  host->apply({channel("a")});
  for (int i = 0; i < 3; ++i)
    event_base_loop(base_.get(), EVLOOP_ONCE);
  EXPECT_EQ(scripts_["a"].made, 1);
  scripts_["a"].start = ok();
  host->apply({channel("a", "y")});
  turn_until([&] { return scripts_["a"].made == 2; });
  EXPECT_TRUE(has(told(), "a connected"));
}

TEST_F(ChannelHostTest, WhatIsWorkedOnIsToldAndToldAgainAfterAStart) {
  const auto host = this->host();
  host->apply({channel("a"), channel("b")});
  host->work({.run = RunId{1}, .attempt = 1, .working = true, .channel = "a"});
  turn_until([&] { return scripts_["b"].made == 1; });
  host->delta({.run = RunId{1}, .attempt = 1, .piece = "sho", .behind = true});
  host->delta({.run = RunId{1}, .attempt = 1, .piece = "wn"});
  host->work({.run = RunId{2}, .attempt = 1, .working = true, .channel = "a"});
  host->work({.run = RunId{2}, .channel = "a"});
  host->work({.run = RunId{2}, .channel = "a"});
  EXPECT_EQ(scripts_["a"].work,
            (std::vector<std::string>{"+1 at ", "1 behind: sho", "1: shown", "+2 at ", "-2"}));
  scripts_["a"].work.clear();
  scripts_["a"].give_up("The line broke.");
  host->delta({.run = RunId{1}, .attempt = 1, .piece = " on"});
  turn_until([&] { return scripts_["a"].made == 2; });
  EXPECT_EQ(scripts_["a"].work, (std::vector<std::string>{"+1 at bubble", "1: shown on"}));
  EXPECT_TRUE(scripts_["b"].work.empty());
}

TEST_F(ChannelHostTest, AReloadTouchesOnlyWhatChanged) {
  const auto host = this->host();
  host->apply({channel("a"), channel("b"), channel("c")});
  turn_until([&] { return scripts_["c"].made == 1; });
  told();
  ChannelConfig off = channel("c");
  off.enabled = false;
  ChannelConfig policy = channel("a");
  policy.dm_policy = fb::DmPolicy::open;
  host->apply({policy, channel("b", "y"), off});
  turn_until([&] { return scripts_["b"].made == 2; });
  EXPECT_EQ(scripts_["a"].stopped, 0);
  EXPECT_EQ(scripts_["b"].stopped, 1);
  EXPECT_EQ(scripts_["c"].alive, 0);
  EXPECT_EQ(told(), (std::vector<std::string>{"b starting", "c stopped", "b connected"}));
  host->deliver(item("c", 9));
  EXPECT_EQ(told(), (std::vector<std::string>{"9 not_ready"}));
}

TEST_F(ChannelHostTest, StoppingReportsEverythingEvenForAChannelThatDoesNot) {
  scripts_["b"].reports_on_stop = false;
  const auto host = this->host();
  host->apply({channel("a"), channel("b")});
  turn_until([&] { return scripts_["b"].made == 1; });
  host->deliver(item("a", 5));
  host->deliver(item("b", 6));
  told();
  host->stop();
  EXPECT_EQ(told(),
            (std::vector<std::string>{"a stopped", "5 not_ready", "b stopped", "6 unknown"}));
  host->deliver(item("a", 7));
  EXPECT_EQ(told(), (std::vector<std::string>{"7 not_ready"}));
  EXPECT_TRUE(host->ended());
  EXPECT_EQ(scripts_["a"].given, std::vector<std::uint64_t>{5});
}

TEST_F(ChannelHostTest, WhatIsUnderWayIsWaitedForAndNothingIsBegun) {
  const auto host = this->host();
  host->apply({channel("a")});
  turn_until([&] { return scripts_["a"].made == 1; });
  host->deliver(item("a", 5));
  told();
  host->begin_stop();
  EXPECT_FALSE(host->drained());
  host->deliver(item("a", 6));
  EXPECT_EQ(told(), (std::vector<std::string>{"6 not_ready"}));
  EXPECT_EQ(scripts_["a"].given, std::vector<std::uint64_t>{5});
  host->stop();
  EXPECT_TRUE(host->drained());
}

TEST_F(ChannelHostTest, AWebhookGoesToItsAccountAndNothingElseShows) {
  scripts_["a"].takes_webhooks = true;
  const auto host = this->host();
  std::string answers;
  const auto ask = [&](std::string_view channel, std::string_view account,
                       std::string_view body = "hello") {
    answers.clear();
    host->webhook({.channel = channel, .account = account, .method = "POST", .body = body},
                  [&](int status, std::string_view text) {
                    answers += std::to_string(status) + " " + std::string(text);
                  });
    return answers;
  };
  EXPECT_EQ(ask("a", ""), "404 ");
  host->apply({channel("a"), channel("b")});
  EXPECT_EQ(ask("a", ""), "404 ");  // it does not run yet
  turn_until([&] { return scripts_["b"].made == 1; });
  EXPECT_EQ(ask("a", ""), "200 hello");
  EXPECT_EQ(ask("A", ""), "200 hello");
  EXPECT_EQ(ask("a", "default"), "200 hello");
  EXPECT_EQ(ask("a", "other"), "404 ");
  EXPECT_EQ(ask("b", ""), "404 ");
  EXPECT_EQ(ask("c", ""), "404 ");
  // What throws is a fault of that channel, and its request is answered by time.
  EXPECT_EQ(ask("a", "", "boom"), "");
  EXPECT_EQ(ask("a", ""), "404 ");
  host->stop();
  EXPECT_EQ(ask("a", ""), "404 ");
}

TEST_F(ChannelHostTest, AnAccountIsToldWhereItWas) {
  core::ChannelView known{};
  known.name = "a";
  known.position = "17";
  known.identity = "me";
  const auto host = this->host({known});
  host->apply({channel("a")});
  turn_until([&] { return scripts_["a"].made == 1; });
  EXPECT_EQ(scripts_["a"].position, "17");
  EXPECT_EQ(shared_.channels.take()->channels[0].identity, "me");
}

TEST_F(ChannelHostTest, OneThatIsSwitchedOffStaysSoUntilItIsSwitchedOn) {
  const auto host = this->host();
  host->apply({channel("a")});
  turn_until([&] { return scripts_["a"].alive == 1; });
  host->deliver(item("a", 4));
  told();
  host->switch_to({.channel = "a", .to = fb::ChannelSwitch::off});
  const auto stopped = told();
  EXPECT_TRUE(has(stopped, "4 not_ready"));
  EXPECT_TRUE(has(stopped, "a stopped"));
  turn_until([&] { return scripts_["a"].alive == 0; });
  host->apply({channel("a", "y")});
  EXPECT_FALSE(has(told(), "a starting")) << "whatever its settings become";
  host->deliver(item("a", 6));
  EXPECT_TRUE(has(told(), "6 not_ready"));
  host->switch_to({.channel = "a", .to = fb::ChannelSwitch::on});
  turn_until([&] { return scripts_["a"].alive == 1; });
  EXPECT_EQ(scripts_["a"].made, 2);
  host->stop();
}

TEST_F(ChannelHostTest, AGatewayThatStartsKnowsWhatIsSwitchedOff) {
  const auto host = this->host({{.name = "a", .wanted = fb::ChannelSwitch::logged_out}});
  host->apply({channel("a"), channel("b")});
  EXPECT_EQ(host->summary(), "a: logged_out; b: starting");
  turn_until([&] { return scripts_["b"].alive == 1; });
  EXPECT_EQ(scripts_["a"].made, 0);
  host->stop();
}

}  // namespace
}  // namespace spine::channels
