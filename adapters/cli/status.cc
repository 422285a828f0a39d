// status, health, version: how the gateway is.
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "adapters/cli/http_get.h"
#include "adapters/cli/journal_checked.h"
#include "adapters/cli/json_read.h"
#include "adapters/cli/place.h"
#include "adapters/cli/table.h"
#include "adapters/cli/verbs.h"
#include "adapters/websocket/port_owner.h"
#include "engine/core/digest.h"
#include "journal/block.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

constexpr std::uint64_t kProbeMs = 5'000;
constexpr int kProtocol = 4;

Result<HttpResponse> probe(const Place& place, const std::string& path) {
  return http_get(place.target, path, in_ms(kProbeMs));
}

std::string where(const Place& place) {
  return address_text(place.config, place.target.port);
}

// The reasons in /ready's "failing", joined; empty when it is ready.
std::string failing_text(const simdjson::dom::element& ready) {
  std::string text;
  for (const simdjson::dom::element reason : array_at(ready, "failing")) {
    std::string_view word;
    if (reason.get(word) != simdjson::SUCCESS) continue;
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

void add_health(Facts& facts, const simdjson::dom::element& health) {
  const std::int64_t uptime = number_at(health, "uptime");
  facts.add("Status", text_at(health, "status"));
  facts.add("Version", text_at(health, "version"));
  facts.add("Up for", uptime == 0 ? "less than a second"
                                  : show_duration_ms(static_cast<std::uint64_t>(uptime) * 1000));
  facts.add("Connections", std::to_string(number_at(health, "connections")));
  facts.add("Agents ready", std::to_string(number_at(health, "agents")));
  for (const simdjson::dom::element reason : array_at(health, "reasons")) {
    std::string_view text;
    if (reason.get(text) == simdjson::SUCCESS) facts.add("Problem", std::string{text});
  }
}

void add_ready(Facts& facts, const simdjson::dom::element& ready) {
  const std::string failing = failing_text(ready);
  facts.add("Takes messages", failing.empty() ? "yes" : "no: " + failing);
  simdjson::dom::element part;
  if (ready["journal"].get(part) == simdjson::SUCCESS) {
    facts.add("Durable up to",
              "#" + show_count(static_cast<std::uint64_t>(number_at(part, "durableSeq"))));
    facts.add("Journal read again", journal_checked_text(part));
  }
  if (ready["follower"].get(part) == simdjson::SUCCESS) {
    facts.add("Follower behind",
              show_count(static_cast<std::uint64_t>(number_at(part, "lagEvents"))) + " events");
  }
}

int print_down(const Place& place, const Error& error, bool json) {
  if (json) {
    fmt::print(R"({{"running":false,"address":{},"stateDir":{},"error":{}}})"
               "\n",
               json_string(where(place)), json_string(place.state_dir.string()),
               json_string(error.message));
    return kExitFailure;
  }
  Facts facts;
  facts.add("Address", where(place));
  facts.add("State directory", place.state_dir.string());
  fmt::print("Spine is not running\n{}", facts.text());
  fmt::print(stderr, "{}\n", printable(error.message, true));
  return kExitFailure;
}

void print_place(const Place& place, Facts& facts) {
  const auto owner = net::find_port_owner(place.target.port);
  if (owner) facts.add("Process", fmt::format("{} ({})", owner->pid, owner->name));
  facts.add("Address", where(place));
  facts.add("State directory", place.state_dir.string());
}

}  // namespace

int fail(const Error& error) {
  std::fflush(stdout);
  fmt::print(stderr, "Error: {}\n", printable(error.message, true));
  return kExitFailure;
}

void print_json(const std::string& json) {
  fmt::print("{}\n", json_for_terminal(json));
}

int health(const Arguments& args) {
  const auto place = locate(args.common);
  if (!place) return fail(place.error());
  const auto response = probe(*place, "/health");
  if (!response) return fail(response.error());
  const int code = response->status == 200 ? kExitOk : kExitFailure;
  if (args.common.json) {
    print_json(response->body);
    return code;
  }
  simdjson::dom::parser parser;
  simdjson::dom::element body;
  if (parser.parse(response->body).get(body) != simdjson::SUCCESS) {
    return fail(
        {Errc::corrupt, fmt::format("What listens on {} is not a Spine gateway.", where(*place))});
  }
  Facts facts;
  facts.add("Address", where(*place));
  add_health(facts, body);
  fmt::print("Spine is {}\n{}", printable(text_at(body, "status")), facts.text());
  return code;
}

int status(const Arguments& args) {
  const auto place = locate(args.common);
  if (!place) return fail(place.error());
  const auto health_answer = probe(*place, "/health");
  if (!health_answer) return print_down(*place, health_answer.error(), args.common.json);
  const auto ready_answer = probe(*place, "/ready");
  if (!ready_answer) return print_down(*place, ready_answer.error(), args.common.json);
  simdjson::dom::parser health_parser;
  simdjson::dom::parser ready_parser;
  simdjson::dom::element health_body;
  simdjson::dom::element ready_body;
  if (health_parser.parse(health_answer->body).get(health_body) != simdjson::SUCCESS ||
      ready_parser.parse(ready_answer->body).get(ready_body) != simdjson::SUCCESS) {
    return fail(
        {Errc::corrupt, fmt::format("What listens on {} is not a Spine gateway.", where(*place))});
  }
  const int code = flag_at(health_body, "ok") ? kExitOk : kExitFailure;
  if (args.common.json) {
    const auto owner = net::find_port_owner(place->target.port);
    print_json(fmt::format(
        R"({{"running":true,"address":{},"stateDir":{},"pid":{},"health":{},"ready":{}}})",
        json_string(where(*place)), json_string(place->state_dir.string()), owner ? owner->pid : 0,
        simdjson::minify(health_body), simdjson::minify(ready_body)));
    return code;
  }
  Facts facts;
  add_health(facts, health_body);
  add_ready(facts, ready_body);
  print_place(*place, facts);
  fmt::print("Spine is running\n{}", facts.text());
  return code;
}

int version(const Arguments& args) {
  if (args.common.json) {
    fmt::print(R"({{"version":"{}","protocol":{},"journalFormat":{},"digest":{}}})"
               "\n",
               SPINE_VERSION, kProtocol, journal::kFormatVersion, core::kDigestVersion);
  } else {
    fmt::print("spine {} (protocol {}, journal format {}, digest version {})\n", SPINE_VERSION,
               kProtocol, journal::kFormatVersion, core::kDigestVersion);
  }
  return kExitOk;
}

}  // namespace spine::cli
