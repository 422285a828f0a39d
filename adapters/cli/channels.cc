// channels status, start, stop, logout: accounts of channels, how they are, what waits for them.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "adapters/cli/gateway_client.h"
#include "adapters/cli/output.h"
#include "adapters/cli/verb.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

// An account that is served: "connected"; else why not.
std::string account_state_text(const Json& account, std::string_view) {
  const std::string state = account.text("state");
  if (!state.empty()) return state;
  return account.flag("enabled") ? "not served here" : "disabled";
}

std::string account_name_text(const Json& account, std::string_view key) {
  const std::string name = account.text(key);
  return name == "default" ? "-" : name;
}

std::string account_waiting_text(const Json& account, std::string_view) {
  const Json deliveries = account.at("deliveries");
  const std::int64_t waiting = deliveries.number("waiting");
  if (waiting == 0) return "-";
  const auto age =
      static_cast<std::uint64_t>(std::max<std::int64_t>(deliveries.number("oldestAgeMs"), 0));
  return fmt::format("{}, the oldest for {}", waiting, show_duration_ms(age));
}

std::string account_dead_text(const Json& account, std::string_view) {
  const std::int64_t dead = account.at("deliveries").number("deadLetters");
  return dead == 0 ? "-" : std::to_string(dead);
}

// What to do about an account; empty = nothing.
std::string account_remedy(const std::string& channel, const Json& account) {
  const std::string state = account.text("state");
  const std::string problem = account.text("lastError");
  std::string text;
  // What a bridge serves is not the gateway's to try again.
  const bool bridge = account.text("kind") == "bridge" && !problem.empty();
  if (bridge || !account.text("switched").empty()) return channel + ": " + problem;
  if (state == "logged_out") {
    text = fmt::format("The platform refuses channels.{}: give it a new token or log it in again.",
                       channel);
  } else if (state == "down") {
    text = fmt::format("{} cannot be reached: it is tried again, and what waits goes out then.",
                       channel);
  }
  if (!problem.empty()) text += (text.empty() ? channel + ": " : std::string(" ")) + problem;
  return text;
}

// Declares what a verb that switches an account takes. `said(account)`: what was done.
Action switch_channel_action(CLI::App& verb, const char* method, const char* done) {
  const auto channel = argument(verb, "channel", "Which");
  const auto account = option(verb, "--account", "Which of its accounts, if it has several");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Json said,
              ask_gateway(common, method,
                          json_object({{"channel", *channel},
                                       Member::unless_empty("accountId", *account)})));
    if (common.json) return show(common, said);
    const std::string name = said.text("accountId");
    fmt::print("{}{} {}{}.\n", printable(said.text("channel")),
               name == "default" ? "" : " (" + printable(name) + ")",
               said.flag("changed") ? "is " : "was already ", done);
    if (const std::string remedy = said.text("remedy"); !remedy.empty())
      fmt::print("{}\n", printable(remedy));
    return kExitOk;
  };
}

}  // namespace

Action channels_status(CLI::App& verb) {
  examples(verb, {"spine channels status", "spine channels status telegram --json"});
  const auto channel = option(verb, "channel", "Only this one");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Json said,
              ask_gateway(common, "channels.status",
                          json_object({Member::unless_empty("channel", *channel)}), kReadScopes));
    if (common.json) return show(common, said);
    Table table({"CHANNEL", "ACCOUNT", "STATE", "SINCE", "WAITING", "DEAD"});
    std::vector<std::string> remedies;
    bool dead = false;
    for (const Json& name : said.array("channelOrder")) {
      const std::string of = name.text();
      for (const Json& account : said.at("channelAccounts").array(of)) {
        table.add({of, account_name_text(account, "accountId"), account_state_text(account, {}),
                   time_or_dash(account, "stateSince"), account_waiting_text(account, {}),
                   account_dead_text(account, {})});
        dead = dead || account_dead_text(account, {}) != "-";
        if (std::string remedy = account_remedy(of, account); !remedy.empty())
          remedies.push_back(std::move(remedy));
      }
    }
    if (said.array("channelOrder").empty()) {
      fmt::print("{}\n", channel->empty()
                             ? "No channel is configured."
                             : fmt::format("There is no channel \"{}\".", printable(*channel)));
      return channel->empty() ? kExitOk : kExitFailure;
    }
    fmt::print("{}", table.text());
    for (const std::string& remedy : remedies)
      fmt::print("{}\n", printable(remedy));
    if (dead) fmt::print("To see what could not be delivered: spine dlq list\n");
    return kExitOk;
  };
}

Action channels_start(CLI::App& verb) {
  examples(verb, {"spine channels start telegram", "spine channels start telegram --account work"});
  return switch_channel_action(verb, "channels.start", "started");
}

Action channels_stop(CLI::App& verb) {
  examples(verb, {"spine channels stop telegram", "spine channels stop telegram --account work"});
  return switch_channel_action(verb, "channels.stop", "stopped");
}

Action channels_logout(CLI::App& verb) {
  examples(verb, {"spine channels logout telegram"});
  return switch_channel_action(verb, "channels.logout", "logged out");
}

}  // namespace spine::cli
