// Pure parts: JSON text, frames, guards, metrics, log tails, random numbers.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <utility>

#include "adapters/http/facts.h"
#include "adapters/http/guard.h"
#include "adapters/http/metrics.h"
#include "adapters/http/routes.h"
#include "adapters/websocket/methods/log_tail.h"
#include "adapters/websocket/protocol/entropy.h"
#include "adapters/websocket/protocol/frame_buffer.h"
#include "adapters/websocket/protocol/hub.h"
#include "adapters/websocket/protocol/rows.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/secrets.h"

namespace spine::net {
namespace {

using nlohmann::json;

TEST(FrameBuffer, HeadersHaveTheShortestLength) {
  for (const std::size_t size : {0UL, 125UL, 126UL, 65'535UL, 65'536UL, 200'000UL}) {
    FrameBuffer buffer;
    const std::string payload(size, 'p');
    buffer.append(Opcode::text, payload);
    const auto bytes = buffer.next(1);
    ASSERT_EQ(bytes.size(), frame_header_bytes(size) + size);
    EXPECT_EQ(frame_bytes(bytes), bytes.size());
    EXPECT_EQ(bytes[0], 0x81);
    EXPECT_EQ(std::string(reinterpret_cast<char*>(bytes.data()) + frame_header_bytes(size), size),
              payload);
  }
}

TEST(FrameBuffer, NextGivesWholeFramesOnly) {
  FrameBuffer buffer;
  std::size_t total = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    buffer.append(Opcode::text, std::string(i * 7, 'x'));
    total += i * 7 + frame_header_bytes(i * 7);
  }
  std::size_t seen = 0;
  while (!buffer.empty()) {
    const auto bytes = buffer.next(1000);
    std::size_t at = 0;
    while (at < bytes.size())
      at += frame_bytes(bytes.subspan(at));
    EXPECT_EQ(at, bytes.size());
    EXPECT_TRUE(bytes.size() <= 1000 || bytes.size() == frame_bytes(bytes));
    seen += bytes.size();
    buffer.consumed(bytes.size());
  }
  EXPECT_EQ(seen, total);
}

TEST(Hub, StaleReferenceIsDeadAfterReuse) {
  pipeline::Metrics metrics;
  Hub hub{metrics};
  const ConnectionRef first = hub.table.open(nullptr, 0);
  EXPECT_TRUE(hub.table.live(first));
  hub.forget(first.slot);
  const ConnectionRef second = hub.table.open(nullptr, 0);
  EXPECT_EQ(first.slot, second.slot);
  EXPECT_FALSE(hub.table.live(first));
  EXPECT_TRUE(hub.table.live(second));
  EXPECT_EQ(metrics.ws_closes[6].get(), 1U);
}

// What the loop does at the end of a turn with a connection whose socket takes `taken` bytes.
void end_turn(Hub& hub, std::uint32_t slot, std::size_t taken) {
  if (taken != 0) hub.written(slot, taken, 0);
  hub.offered(slot);
}

void append(Hub& hub, std::uint32_t slot, std::size_t bytes) {
  hub.begin(slot).append(bytes, 'm');
  hub.end(slot);
}

TEST(Hub, NobodyIsSlowForWhatOneTurnAdds) {
  pipeline::Metrics metrics;
  Hub hub{metrics};
  const std::uint32_t slot = hub.table.open(nullptr, 0).slot;
  for (int i = 0; i < 70; ++i)
    append(hub, slot, 1 << 20);
  ASSERT_GT(hub.backlog(slot), limits::kBufferedBytesMax);
  EXPECT_TRUE(hub.writable(slot));
  // It takes most of it: what is left is within the bound.
  end_turn(hub, slot, 30 << 20);
  append(hub, slot, 20 << 20);
  EXPECT_TRUE(hub.writable(slot));
  // It takes nothing more, and the next turn finds that.
  end_turn(hub, slot, 0);
  EXPECT_TRUE(hub.writable(slot));
  append(hub, slot, 1);
  EXPECT_FALSE(hub.writable(slot));
  EXPECT_EQ(metrics.slow_consumers.get(), 1U);
}

TEST(Hub, WhoReadsIsKeptWhenAllAreOwedTooMuch) {
  pipeline::Metrics metrics;
  Hub hub{metrics};
  hub.set_now(10'000);
  const std::uint32_t silent = hub.table.open(nullptr, 0).slot;
  append(hub, silent, 30 << 20);
  end_turn(hub, silent, 0);
  hub.set_now(20'000);
  std::vector<std::uint32_t> readers;
  for (int i = 0; i < 6; ++i) {
    readers.push_back(hub.table.open(nullptr, 0).slot);
    append(hub, readers.back(), 40 << 20);
  }
  EXPECT_FALSE(hub.writable(silent));
  for (const std::uint32_t slot : readers)
    EXPECT_TRUE(hub.writable(slot));
}

TEST(Hub, SocketsAreWrittenToWhileATurnGrows) {
  pipeline::Metrics metrics;
  Hub hub{metrics};
  std::vector<std::uint32_t> slots;
  for (int i = 0; i < 4'000; ++i)
    slots.push_back(hub.table.open(nullptr, 0).slot);
  std::size_t most = 0;
  hub.set_writer([&] {
    most = std::max(most, hub.backlog_all());
    for (const std::uint32_t slot : std::exchange(hub.dirty(), {})) {
      hub.table.unset(slot, connection_flag::kDirty);
      if (hub.table.out[slot] != nullptr) {
        hub.written(slot, hub.table.out[slot]->pending_bytes(), 0);
      }
    }
  });
  for (const std::uint32_t slot : slots)
    append(hub, slot, 200'000);
  EXPECT_EQ(metrics.slow_consumers.get(), 0U);
  EXPECT_GT(most, 0U);
  EXPECT_LT(most, limits::kBufferedBytesAllMax / 4);
}

TEST(Hub, MemoryOfAllConnectionsIsBoundedByClosingTheWorst) {
  pipeline::Metrics metrics;
  Hub hub{metrics};
  const std::string megabyte(1 << 20, 'm');
  std::vector<std::uint32_t> slots;
  for (int i = 0; i < 8; ++i)
    slots.push_back(hub.table.open(nullptr, 0).slot);
  hub.begin(slots[0]).append("small");
  hub.end(slots[0]);
  for (int round = 0; round < 45; ++round) {
    for (std::size_t i = 1; i < slots.size(); ++i) {
      if (!hub.writable(slots[i])) continue;
      hub.begin(slots[i]).append(megabyte);
      hub.end(slots[i]);
    }
  }
  EXPECT_GT(metrics.slow_consumers.get(), 0U);
  EXPECT_TRUE(hub.writable(slots[0]));
  std::size_t backlog = 0;
  for (const std::uint32_t slot : slots) {
    if (hub.table.out[slot] != nullptr) backlog += hub.table.out[slot]->pending_bytes();
  }
  EXPECT_LE(backlog, limits::kBufferedBytesAllMax);
}

TEST(Guard, OnlyLoopbackNamesAreHosts) {
  for (const char* host : {"localhost", "LOCALHOST:18789", "127.0.0.1", "127.8.9.1:80", "[::1]",
                           "[::1]:18789", "spine.localhost"}) {
    EXPECT_TRUE(http::loopback_host(host)) << host;
  }
  for (const char* host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                           "10.0.0.1", "127.0.0", "[::2]", "[::1", "localhost:abc", ":80",
                           "1127.0.0.1", "127.0.0.256", "notlocalhost"}) {
    EXPECT_FALSE(http::loopback_host(host)) << host;
  }
}

TEST(Guard, OriginMustBeTheSameSite) {
  EXPECT_TRUE(http::same_origin("", "localhost"));
  EXPECT_TRUE(http::same_origin("http://localhost:18789", "localhost:18789"));
  EXPECT_TRUE(http::same_origin("http://LOCALHOST", "localhost:80"));
  EXPECT_FALSE(http::same_origin("https://localhost:18789", "localhost:18789"));
  EXPECT_FALSE(http::same_origin("http://localhost:9999", "localhost:18789"));
  EXPECT_FALSE(http::same_origin("null", "localhost"));
}

TEST(Guard, SecretsInQueriesAreSeen) {
  EXPECT_TRUE(http::query_has_secret("a=1&Token=x"));
  EXPECT_TRUE(http::query_has_secret("password"));
  EXPECT_FALSE(http::query_has_secret("tokens=1&x=token"));
}

TEST(Models, AnAgentThatNamesNoneIsShownWithItsDriversOwn) {
  config::Config config{};
  config.agents = {{.id = "e"}, {.id = "p"}, {.id = "c"}, {.id = "m"}};
  for (config::AgentConfig& agent : config.agents)
    agent.model_primary = "spine/echo";
  config.agents[1].process.driver = config::Driver::pi;
  config.agents[2].process.driver = config::Driver::jsonl;
  config.agents[2].process.preset = "claude";
  config.agents[3].process.driver = config::Driver::acp;
  config.agents[3].model_primary = "openai/x";
  EXPECT_EQ(model_of(config, "e").whole, "spine/echo");
  EXPECT_EQ(model_of(config, "p").whole, "pi/default");
  EXPECT_EQ(model_of(config, "c").whole, "claude/default");
  EXPECT_EQ(model_of(config, "m").whole, "openai/x");
}

TEST(Metrics, TextIsWellFormedAndCoversTheHistograms) {
  pipeline::Shared shared;
  shared.metrics.journal_commit.observe(70);
  shared.metrics.journal_commit.observe(9'000'000);
  shared.metrics.ws_closes[8].add(3);
  pipeline::AgentsReport report;
  report.agents.push_back({.id = "ma\"in", .state = "ready", .crashes = 2, .runs_finished = 7});
  report.agents[0].latency[3] = 2;
  report.agents[0].latency_sum_ms = 700;
  shared.metrics.deliveries_failed[2].add(3);
  pipeline::ChannelLoadsReport loads;
  loads.channels.push_back({.name = "telegram",
                            .account = "second",
                            .state = "down",
                            .waiting = 4,
                            .dead_letters = 2,
                            .oldest_wall_ms = 1'000});
  const http::Facts facts{.shared = &shared,
                          .version = "1",
                          .now_wall_ms = 31'000,
                          .resident_bytes = 4096,
                          .agents = &report,
                          .channels = &loads};
  std::istringstream lines{http::metrics_body(facts)};
  const char* comment = "^# (HELP|TYPE) [a-z_]+ .+$";
  const char* sample =
      "^([a-z_]+)(\\{[a-z]+=\"([^\"\\\\]|\\\\.)*\"(,[a-z]+=\"[^\"]*\")*\\})? [0-9.e+-]+$";
  std::set<std::string> seen;
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with("#")) {
      EXPECT_THAT(line, ::testing::MatchesRegex(comment));
      continue;
    }
    EXPECT_THAT(line, ::testing::MatchesRegex(sample));
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  const std::string body = http::metrics_body(facts);
  EXPECT_NE(body.find("spine_journal_append_seconds_bucket{le=\"0.00005\"} 0\n"),
            std::string::npos);
  EXPECT_NE(body.find("spine_journal_append_seconds_bucket{le=\"0.0001\"} 1\n"), std::string::npos);
  EXPECT_NE(body.find("spine_journal_append_seconds_bucket{le=\"+Inf\"} 2\n"), std::string::npos);
  EXPECT_NE(body.find("spine_journal_append_seconds_count 2\n"), std::string::npos);
  EXPECT_NE(body.find("spine_ws_close_total{code=\"1008\"} 3\n"), std::string::npos);
  EXPECT_NE(body.find("spine_agent_state{agent=\"ma\\\"in\",state=\"ready\"} 1\n"),
            std::string::npos);
  EXPECT_NE(body.find("spine_agent_state{agent=\"ma\\\"in\",state=\"failed\"} 0\n"),
            std::string::npos);
  EXPECT_NE(body.find("spine_agent_crashes_total{agent=\"ma\\\"in\"} 2\n"), std::string::npos);
  EXPECT_NE(body.find("spine_agent_runs_total{agent=\"ma\\\"in\",outcome=\"finished\"} 7\n"),
            std::string::npos);
  EXPECT_NE(body.find("spine_agent_run_seconds_bucket{agent=\"ma\\\"in\",le=\"0.1\"} 0\n"),
            std::string::npos);
  EXPECT_NE(body.find("spine_agent_run_seconds_bucket{agent=\"ma\\\"in\",le=\"0.5\"} 2\n"),
            std::string::npos);
  EXPECT_NE(body.find("spine_agent_run_seconds_sum{agent=\"ma\\\"in\"} 0.7\n"), std::string::npos);
  EXPECT_NE(body.find("process_resident_memory_bytes 4096\n"), std::string::npos);
  const std::string account = "channel=\"telegram\",account=\"second\"";
  for (const std::string& expected :
       {"spine_channel_state{" + account + ",state=\"down\"} 1\n",
        "spine_channel_state{" + account + ",state=\"connected\"} 0\n",
        "spine_channel_deliveries_waiting{" + account + "} 4\n",
        "spine_channel_dead_letters{" + account + "} 2\n",
        std::string("spine_deliveries_oldest_seconds 30\n"),
        std::string("spine_deliveries_failed_total{kind=\"permanent\"} 3\n")}) {
    EXPECT_NE(body.find(expected), std::string::npos) << expected;
  }
}

TEST(Health, AChannelThatIsAwayAndADeadLetterAreNamed) {
  pipeline::Shared shared;
  shared.phase.store(pipeline::Phase::ready);
  shared.agents_ready.store(1);
  pipeline::ChannelLoadsReport loads;
  loads.channels.push_back({.name = "telegram", .state = "connected"});
  loads.channels.push_back({.name = "irc", .account = "work", .state = "starting"});
  http::Facts facts{.shared = &shared, .channels = &loads};
  EXPECT_EQ(http::health(facts), http::Health::healthy);
  loads.channels[0].state = "down";
  EXPECT_EQ(http::health(facts), http::Health::healthy) << "it is tried again";
  loads.channels[0].state = "logged_out";
  loads.channels[1].state = "down";
  loads.channels[1].waiting = 3;
  shared.metrics.dead_letters.set(1);
  EXPECT_EQ(http::health(facts), http::Health::degraded);
  EXPECT_TRUE(http::failing(facts).empty()) << "messages are taken all the same";
  for (const std::string& body : {http::health_body(facts), http::ready_body(facts)}) {
    for (const char* reason :
         {"channel telegram is logged out: spine channels status",
          "channel irc (work) is down, 3 deliveries wait: spine channels status",
          "1 message could not be delivered: spine dlq list"}) {
      EXPECT_NE(body.find(reason), std::string::npos) << reason << " in " << body;
    }
  }
  EXPECT_NE(http::ready_body(facts).find("\"ready\":true"), std::string::npos);
  pipeline::ChannelsReport live;
  live.channels.push_back({.name = "telegram", .kind = "telegram"});
  live.channels.push_back({.name = "slack", .state = "not served"});
  facts.live_channels = &live;
  EXPECT_NE(http::health_body(facts).find("\"notServed\":[\"slack\"]"), std::string::npos);
}

TEST(Health, StalledEngineWithWorkIsUnhealthy) {
  pipeline::Shared shared;
  shared.phase.store(pipeline::Phase::ready);
  shared.agents_ready.store(1);
  shared.engine_turn_ms.store(1'000);
  http::Facts facts{.shared = &shared, .now_boottime_ms = 20'000};
  EXPECT_EQ(http::health(facts), http::Health::healthy);
  facts.inputs_waiting = 1;
  EXPECT_EQ(http::health(facts), http::Health::unhealthy);
  EXPECT_EQ(http::failing(facts), std::vector<std::string_view>{"engine_stalled"});
  shared.engine_turn_ms.store(19'000);
  EXPECT_EQ(http::health(facts), http::Health::healthy);
  shared.metrics.digest_divergence.add();
  EXPECT_EQ(http::health(facts), http::Health::degraded);
  EXPECT_EQ(http::answer({.method = "GET", .path = "/health", .host = "localhost"}, facts).status,
            200);
}

TEST(LogTail, WholeLinesFromACursorOn) {
  const auto file =
      std::filesystem::path{::testing::TempDir()} / ("log-tail-" + std::to_string(::getpid()));
  std::ofstream{file} << "one\ntwo\nthree\nfou";
  auto tail = tail_log(file, {.cursor = LogTailRequest::kFromEnd, .lines_max = 2});
  ASSERT_TRUE(tail);
  EXPECT_EQ(tail->lines, (std::vector<std::string>{"two", "three"}));
  EXPECT_EQ(tail->cursor, 14U);
  std::ofstream{file, std::ios::app} << "r\n";
  tail = tail_log(file, {.cursor = 14});
  EXPECT_EQ(tail->lines, std::vector<std::string>{"four"});
  tail = tail_log(file, {.cursor = 1'000});
  EXPECT_TRUE(tail->reset);
  tail = tail_log(file, {.cursor = 0, .bytes_max = 10});
  EXPECT_TRUE(tail->truncated);
  EXPECT_EQ(tail->lines, std::vector<std::string>{"four"});
  std::filesystem::remove(file);
  EXPECT_EQ(tail_log(file, {}).error().code, Errc::not_found);
}

TEST(Entropy, NumbersDifferAndUuidsHaveTheirForm) {
  Entropy entropy;
  std::set<Bits128> seen;
  for (int i = 0; i < 1000; ++i)
    EXPECT_TRUE(seen.insert(entropy.next()).second);
  std::string text;
  append_uuid(text, as_uuid(Bits128{~0ULL, ~0ULL}));
  EXPECT_EQ(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST(Entropy, SecretsAreComparedWhole) {
  EXPECT_TRUE(secret_equal("abc", "abc"));
  EXPECT_FALSE(secret_equal("abcd", "abc"));
  EXPECT_FALSE(secret_equal("", "abc"));
  EXPECT_FALSE(secret_equal("", ""));
}

}  // namespace
}  // namespace spine::net
