// dlq list, show, retry, discard: messages that could not be delivered.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <system_error>

#include "adapters/cli/gateway_client.h"
#include "adapters/cli/output.h"
#include "adapters/cli/verb.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::cli {
namespace {

constexpr std::uint64_t kLettersPerPage = 500;  // of one call, when all are wanted

std::string on_one_line(std::string text, std::size_t bytes_max) {
  std::ranges::replace(text, '\n', ' ');
  return shortened(text, bytes_max);
}

std::string delivery_id_text(const Json& row, std::string_view key) {
  return fmt::format("#{}", row.number(key));
}

// Where it goes: "telegram direct alice".
std::string delivery_place(const Json& row, std::string_view) {
  const std::string account = row.text("accountId");
  const std::string thread = row.text("thread");
  return fmt::format("{}{} {} {}{}", row.text("channel"),
                     account.empty() || account == "default" ? "" : "/" + account,
                     row.text("conversation"), on_one_line(row.text("conversationId"), 40),
                     thread.empty() ? "" : " thread " + on_one_line(thread, 20));
}

// Why it is a dead letter, with what the platform said.
std::string death_text(const Json& row, std::string_view) {
  const std::string said = row.at("failure").text("message");
  const std::string reason = row.text("reason");
  return said.empty() ? reason : fmt::format("{}: {}", reason, on_one_line(said, 80));
}

std::string delivery_words(const Json& row, std::string_view key) {
  return on_one_line(row.text(key), 60);
}

const Column kDeadLetterColumns[]{
    {"ID", "id", delivery_id_text}, {"SINCE", "createdAt", time_or_dash},
    {"TO", "", delivery_place},     {"TRIES", "attempts", number_text},
    {"WHY", "", death_text},        {"TEXT", "text", delivery_words}};

// The id of a dead letter as it was typed: "123" or "#123".
std::optional<std::uint64_t> delivery_id_of(std::string_view text) {
  if (text.starts_with('#')) text.remove_prefix(1);
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id == 0) return {};
  return id;
}

Result<std::uint64_t> delivery_id_or_error(const std::string& text) {
  if (const auto id = delivery_id_of(text)) return *id;
  return Error{Errc::invalid_argument,
               fmt::format("\"{}\" is no id of a delivery: give its number, as `spine dlq list` "
                           "shows it.",
                           printable(text))};
}

// The ids of all dead letters, of one channel or of every one.
Result<std::vector<std::uint64_t>> dead_letter_ids(GatewayClient& gateway,
                                                   const std::string& channel) {
  std::vector<std::uint64_t> ids;
  for (;;) {
    SPINE_TRY(
        const Json page,
        gateway.ask("deliveries.list", json_object({{"limit", kLettersPerPage},
                                                    {"offset", ids.size()},
                                                    Member::unless_empty("channel", channel)})));
    const std::vector<Json> rows = page.array("deadLetters");
    for (const Json& row : rows)
      ids.push_back(static_cast<std::uint64_t>(row.number("id")));
    if (rows.empty()) break;
  }
  // The oldest first: the order in which they were asked for.
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// What a verb that changes dead letters was given.
struct WantedLetters {
  std::vector<std::string> ids{};
  bool all{};
  std::string channel{};
};

Result<std::vector<std::uint64_t>> wanted_ids(GatewayClient& gateway, const WantedLetters& wanted) {
  if (wanted.all) return dead_letter_ids(gateway, wanted.channel);
  std::vector<std::uint64_t> ids;
  for (const std::string& text : wanted.ids) {
    SPINE_TRY(const std::uint64_t id, delivery_id_or_error(text));
    ids.push_back(id);
  }
  return ids;
}

// Calls `method` for each of them; one that is refused stops none of the others.
Result<int> change_letters(const Common& common, const WantedLetters& wanted, const char* method,
                           const char* done) {
  SPINE_TRY(GatewayClient gateway, GatewayClient::open(common));
  SPINE_TRY(const std::vector<std::uint64_t> ids, wanted_ids(gateway, wanted));
  std::vector<std::uint64_t> changed;
  std::vector<std::pair<std::uint64_t, std::string>> refused;
  for (const std::uint64_t id : ids) {
    const Result<Json> said = gateway.ask(method, json_object({{"id", id}}));
    if (said) {
      changed.push_back(id);
    } else if (said.error().code == Errc::refused) {
      refused.emplace_back(id, said.error().message);
    } else {
      return said.error();
    }
  }
  if (common.json) {
    std::vector<std::string> numbers;
    for (const std::uint64_t id : changed)
      numbers.push_back(std::to_string(id));
    print_json(json_object({{"ok", refused.empty()},
                            {"ids", json_array(numbers)},
                            {"refused", json_rows(refused, [](const auto& one) {
                               return json_object({{"id", one.first}, {"message", one.second}});
                             })}}));
  } else if (ids.empty()) {
    fmt::print("There are no dead letters{}.\n",
               wanted.channel.empty() ? "" : " of " + printable(wanted.channel));
  } else {
    for (const auto& [id, why] : refused)
      fmt::print(stderr, "#{}: {}\n", id, printable(why));
    if (!changed.empty()) fmt::print("{}: {}\n", done, changed.size());
  }
  return refused.empty() ? kExitOk : kExitFailure;
}

// Declares what a verb that changes dead letters takes.
Action change_letters_action(CLI::App& verb, const char* method, const char* done) {
  const auto wanted = std::make_shared<WantedLetters>();
  CLI::Option* ids = verb.add_option("id", wanted->ids, "Ids, as `spine dlq list` shows them");
  CLI::Option* all = verb.add_flag("--all", wanted->all, "All of them");
  CLI::Option* channel = verb.add_option("--channel", wanted->channel, "With --all: only of this");
  ids->excludes(all);
  channel->needs(all);
  verb.parse_complete_callback([wanted] {
    if (wanted->ids.empty() && !wanted->all)
      throw CLI::ValidationError("id", "Give the ids of dead letters, or --all.");
  });
  return [=](const Common& common) { return change_letters(common, *wanted, method, done); };
}

// An event of its history on one line.
std::string delivery_step_text(const Json& step) {
  std::string text =
      fmt::format("#{}  {}  {}", step.number("seq"), time_or_dash(step, "at"), step.text("kind"));
  if (const std::int64_t attempt = step.number("attempt"); attempt != 0)
    text += fmt::format(" {}", attempt);
  for (const char* key : {"failure", "message", "reason"}) {
    if (const std::string said = step.text(key); !said.empty()) text += "  " + said;
  }
  return text;
}

void print_delivery(const Json& said) {
  const Json row = said.at("delivery");
  Facts facts;
  facts.add("To", delivery_place(row, {}));
  facts.add("Status", row.text("status"));
  if (const std::string reason = row.text("reason"); !reason.empty()) facts.add("Why", reason);
  if (const Json failure = row.at("failure"); !failure.absent()) {
    facts.add("Last failure", fmt::format("{}, {}: {}", time_or_dash(failure, "at"),
                                          failure.text("kind"), failure.text("message")));
  }
  facts.add("Asked for", time_or_dash(row, "createdAt"));
  facts.add("Attempts", std::to_string(row.number("attempts")));
  facts.add("Arrived pieces", std::to_string(row.number("pieces")));
  if (row.number("notBefore") != 0) facts.add("Not before", time_or_dash(row, "notBefore"));
  if (row.number("expiresAt") != 0) facts.add("Until", time_or_dash(row, "expiresAt"));
  facts.add("Purpose", row.text("purpose"));
  facts.add("Run", text_or_dash(row, "runId"));
  facts.add("Session", text_or_dash(row, "sessionKey"));
  facts.add("Answers", text_or_dash(row, "replyTo"));
  fmt::print("Delivery #{}\n{}\n", row.number("id"), facts.text());
  for (const Json& step : said.array("history"))
    fmt::print("  {}\n", printable(delivery_step_text(step)));
  fmt::print("\n{}\n", printable(row.text("text"), true));
  if (row.text("status") != "dead") return;
  fmt::print("\nTo send it again: spine dlq retry {0}. To forget it: spine dlq discard {0}\n",
             row.number("id"));
}

}  // namespace

Action dlq_list(CLI::App& verb) {
  examples(verb, {"spine dlq list", "spine dlq list --channel telegram --json",
                  "spine at \"yesterday 14:03\" dlq list"});
  const auto channel = option(verb, "--channel", "Only of this channel");
  const auto limit = option<std::uint64_t>(verb, "--limit", "At most this many", 50);
  const auto offset = option<std::uint64_t>(verb, "--offset", "Skip this many", 0);
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Json said, ask_gateway(common, "deliveries.list",
                                           json_object({{"limit", *limit},
                                                        {"offset", *offset},
                                                        Member::unless_empty("channel", *channel)}),
                                           kReadScopes));
    if (common.json) return show(common, said);
    print_list(said, {.rows = "deadLetters",
                      .columns = kDeadLetterColumns,
                      .none = "Nothing is undelivered for good.",
                      .hint = "Whole: spine dlq show <id>. Once the cause is gone: spine dlq "
                              "retry <id>, or --all.\n"});
    for (const Json& load : said.array("channels")) {
      if (load.number("waiting") == 0) continue;
      fmt::print("{} ({}): {} more wait, the oldest for {}\n", printable(load.text("channel")),
                 load.text("state"), load.number("waiting"),
                 show_duration_ms(static_cast<std::uint64_t>(
                     std::max<std::int64_t>(load.number("oldestAgeMs"), 0))));
    }
    return kExitOk;
  };
}

Action dlq_show(CLI::App& verb) {
  examples(verb, {"spine dlq show 1234", "spine dlq show 1234 --json"});
  const auto which = argument(verb, "id", "Its id; also of a delivery that waits");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const std::uint64_t id, delivery_id_or_error(*which));
    SPINE_TRY(const Json said,
              ask_gateway(common, "deliveries.show", json_object({{"id", id}}), kReadScopes));
    if (common.json) return show(common, said);
    print_delivery(said);
    return kExitOk;
  };
}

Action dlq_retry(CLI::App& verb) {
  examples(verb, {"spine dlq retry 1234", "spine dlq retry --all --channel telegram"});
  return change_letters_action(verb, "deliveries.retry", "In line again");
}

Action dlq_discard(CLI::App& verb) {
  examples(verb, {"spine dlq discard 1234", "spine dlq discard --all --channel telegram"});
  return change_letters_action(verb, "deliveries.discard", "Discarded");
}

}  // namespace spine::cli
