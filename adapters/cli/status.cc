// status, health, version: the state of the gateway, and what its journal knows of then.
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "adapters/cli/common.h"
#include "adapters/cli/gateway_client.h"
#include "adapters/cli/output.h"
#include "adapters/cli/verb.h"
#include "adapters/websocket/net/port_owner.h"
#include "engine/core/model/digest.h"
#include "journal/block.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

constexpr std::uint64_t kProbeMs = 5'000;
constexpr int kProtocol = 4;

std::string where(const Place& place) {
  return address_text(place.config, place.target.port);
}

Result<client::HttpResponse> probe(const Place& place, const std::string& path) {
  return client::http_get(place.target, path, client::in_ms(kProbeMs));
}

Result<Json> body_of(const Place& place, const client::HttpResponse& response) {
  std::optional<Json> body = Json::parse(response.body);
  if (body) return std::move(*body);
  return Error{Errc::corrupt,
               fmt::format("What listens on {} is not a Spine gateway.", where(place))};
}

std::vector<std::string> texts(const Json& object, std::string_view key) {
  std::vector<std::string> texts;
  for (const Json& value : object.array(key))
    texts.push_back(value.text());
  return texts;
}

void add_health(Facts& facts, const Json& health) {
  if (const std::vector<std::string> names = texts(health, "notServed"); !names.empty())
    facts.add("Not served here", fmt::format("{}", fmt::join(names, ", ")));
  const std::int64_t uptime = health.number("uptime");
  facts.add("Status", health.text("status"));
  facts.add("Version", health.text("version"));
  facts.add("Up for", uptime == 0 ? "less than a second"
                                  : show_duration_ms(static_cast<std::uint64_t>(uptime) * 1000));
  facts.add("Connections", std::to_string(health.number("connections")));
  facts.add("Agents ready", std::to_string(health.number("agents")));
  for (const std::string& reason : texts(health, "reasons"))
    facts.add("Problem", reason);
}

void add_ready(Facts& facts, const Json& ready) {
  const std::vector<std::string> failing = texts(ready, "failing");
  facts.add("Takes messages",
            failing.empty() ? "yes" : fmt::format("no: {}", fmt::join(failing, ", ")));
  if (const Json part = ready.at("journal"); !part.absent()) {
    facts.add("Durable up to",
              "#" + show_count(static_cast<std::uint64_t>(part.number("durableSeq"))));
    facts.add("Journal read again", journal_checked_text(part));
  }
  if (const Json part = ready.at("follower"); !part.absent()) {
    facts.add("Follower behind",
              show_count(static_cast<std::uint64_t>(part.number("lagEvents"))) + " events");
  }
}

int print_down(const Place& place, const Error& error, bool json) {
  if (json) {
    print_json(json_object({{"running", false},
                            {"address", where(place)},
                            {"stateDir", place.state_dir.string()},
                            {"error", error.message}}));
    return kExitFailure;
  }
  Facts facts;
  facts.add("Address", where(place));
  facts.add("State directory", place.state_dir.string());
  fmt::print("Spine is not running\n{}", facts.text());
  fmt::print(stderr, "{}\n", printable(error.message, true));
  return kExitFailure;
}

Result<int> show_health(const Common& common) {
  SPINE_TRY(const Place place, locate(common));
  SPINE_TRY(const client::HttpResponse response, probe(place, "/health"));
  const int code = response.status == 200 ? kExitOk : kExitFailure;
  if (common.json) {
    print_json(response.body);
    return code;
  }
  SPINE_TRY(const Json body, body_of(place, response));
  Facts facts;
  facts.add("Address", where(place));
  add_health(facts, body);
  fmt::print("Spine is {}\n{}", printable(body.text("status")), facts.text());
  return code;
}

std::string waiting_text(std::int64_t count) {
  return count == 0 ? "none" : fmt::format("{} waiting", count);
}

// What the journal knows of the moment; how the process was is not in it.
Result<int> show_past_status(const Common& common) {
  SPINE_TRY(const Json answer, ask_gateway(common, "spine.status", "{}"));
  if (common.json) return show(common, answer);
  const Json counts = answer.at("counts");
  const auto count = [&](const char* name) {
    return show_count(static_cast<std::uint64_t>(counts.number(name)));
  };
  Facts facts;
  const bool started = answer.number("startedSeq") != 0;
  facts.add("Gateway", !started ? "not started yet"
                       : answer.flag("stopped")
                           ? "stopped"
                           : fmt::format("started at #{}", answer.number("startedSeq")));
  facts.add("Sessions", count("sessions"));
  facts.add("Runs", fmt::format("{} open, {} worked on", count("runsOpen"), count("runsRunning")));
  facts.add("Obligations", count("obligationsOpen") + " open");
  facts.add("People", count("principals"));
  facts.add("Devices", count("devices"));
  facts.add("Paired senders", count("pairedSenders"));
  facts.add("Pairing requests", waiting_text(answer.number("pairingRequests")));
  facts.add("Questions of agents", waiting_text(answer.number("approvalsOpen")));
  const std::vector<std::string> quarantined = texts(answer, "quarantined");
  facts.add("In quarantine",
            quarantined.empty() ? "none" : fmt::format("{}", fmt::join(quarantined, ", ")));
  fmt::print("Spine as its journal knows it\n{}", facts.text());
  return kExitOk;
}

Result<int> show_status(const Common& common) {
  if (!common.as_of.empty()) return show_past_status(common);
  SPINE_TRY(const Place place, locate(common));
  const auto health_answer = probe(place, "/health");
  if (!health_answer) return print_down(place, health_answer.error(), common.json);
  const auto ready_answer = probe(place, "/ready");
  if (!ready_answer) return print_down(place, ready_answer.error(), common.json);
  SPINE_TRY(const Json health, body_of(place, *health_answer));
  SPINE_TRY(const Json ready, body_of(place, *ready_answer));
  const auto owner = net::find_port_owner(place.target.port);
  if (common.json) {
    print_json(json_object({{"running", true},
                            {"address", where(place)},
                            {"stateDir", place.state_dir.string()},
                            {"pid", owner ? owner->pid : 0},
                            {"health", health},
                            {"ready", ready}}));
  } else {
    Facts facts;
    add_health(facts, health);
    add_ready(facts, ready);
    if (owner) facts.add("Process", fmt::format("{} ({})", owner->pid, owner->name));
    facts.add("Address", where(place));
    facts.add("State directory", place.state_dir.string());
    fmt::print("Spine is running\n{}", facts.text());
  }
  return health.flag("ok") ? kExitOk : kExitFailure;
}

}  // namespace

Action health(CLI::App& verb) {
  examples(verb, {"spine health", "spine health --json | jq .status"});
  return show_health;
}

Action status(CLI::App& verb) {
  examples(verb, {"spine status", "spine status --json", "spine at -1h status"});
  return show_status;
}

Action version(CLI::App& verb) {
  examples(verb, {"spine version", "spine version --json"});
  return [](const Common& common) {
    return show(
        common,
        json_object({{"version", SPINE_VERSION},
                     {"protocol", kProtocol},
                     {"journalFormat", journal::kFormatVersion},
                     {"digest", core::kDigestVersion}}),
        fmt::format("spine {} (protocol {}, journal format {}, digest version {})", SPINE_VERSION,
                    kProtocol, journal::kFormatVersion, core::kDigestVersion));
  };
}

}  // namespace spine::cli
