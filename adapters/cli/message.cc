// message send, message read: texts to conversations of channels, and what was said there.
#include <fmt/format.h>
#include <iostream>
#include <iterator>
#include <string>

#include "adapters/cli/gateway_client.h"
#include "adapters/cli/output.h"
#include "adapters/cli/verb.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::cli {
namespace {

constexpr std::string_view kWriteScopes = R"(["operator.read","operator.write"])";

// Which conversation.
struct PlaceOptions {
  std::string channel{};
  std::string account{};
  std::string target{};
};

std::shared_ptr<PlaceOptions> place_options(CLI::App& verb) {
  auto place = std::make_shared<PlaceOptions>();
  verb.add_option("-t,--target", place->target,
                  "Conversation: an id, group:<id>, <id>:topic:<id>, or with the channel before it")
      ->required();
  verb.add_option("--channel", place->channel, "Channel (default: the only one)");
  verb.add_option("--account", place->account, "Which of its accounts, if it has several");
  return place;
}

std::string action_params(const PlaceOptions& place, const char* action, const std::string& key,
                          const std::string& params) {
  return json_object({{"action", action},
                      Member::unless_empty("channel", place.channel),
                      Member::unless_empty("accountId", place.account),
                      {"idempotencyKey", key},
                      {"params", Raw{params}}});
}

std::string new_key() {
  return uuid_string(pipeline::random128());
}

std::string sent_text(const Json& said) {
  const std::string place = fmt::format("{} {}", said.text("channel"), said.text("to"));
  if (!said.flag("queued"))
    return printable(fmt::format("Sent to {}, as message {}.", place, said.text("messageId")));
  return printable(fmt::format(
      "Waits for {}: it is sent when the channel can (delivery {}; spine channels status says how "
      "it is).",
      place, said.number("deliveryId")));
}

}  // namespace

Action message_send(CLI::App& verb) {
  examples(verb, {"spine message send --channel telegram --target 123 --message \"hello\"",
                  "spine message send -t telegram:group:-100123:topic:5 -m \"hello\" --json",
                  "date | spine message send -t 123 -m -"});
  const auto place = place_options(verb);
  const auto text = std::make_shared<std::string>();
  verb.add_option("-m,--message", *text, "The text, Markdown; - reads it from standard input")
      ->required();
  const auto thread = option(verb, "--thread", "Topic or thread of the conversation");
  const auto reply_to = option(verb, "--reply-to", "Id of the message that it answers");
  const auto key = option(verb, "--key", "Of two calls with one key only the first sends");
  return [=](const Common& common) -> Result<int> {
    std::string words = *text;
    if (words == "-") {
      words.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
      while (words.ends_with('\n'))
        words.pop_back();
    }
    const std::string params = json_object({{"to", place->target},
                                            {"message", words},
                                            Member::unless_empty("threadId", *thread),
                                            Member::unless_empty("replyTo", *reply_to)});
    SPINE_TRY(const Json said,
              ask_gateway(common, "message.action",
                          action_params(*place, "send", key->empty() ? new_key() : *key, params),
                          kWriteScopes));
    return show(common, said, sent_text(said));
  };
}

Action message_read(CLI::App& verb) {
  examples(verb, {"spine message read --channel telegram --target 123",
                  "spine message read -t telegram:123 --limit 5 --json"});
  const auto place = place_options(verb);
  const auto thread = option(verb, "--thread", "Topic or thread of the conversation");
  const auto limit = option<std::uint64_t>(verb, "--limit", "At most this many messages", 20);
  return [=](const Common& common) -> Result<int> {
    const std::string params = json_object(
        {{"to", place->target}, {"limit", *limit}, Member::unless_empty("threadId", *thread)});
    SPINE_TRY(const Json said,
              ask_gateway(common, "message.action",
                          action_params(*place, "read", new_key(), params), kWriteScopes));
    if (common.json) return show(common, said);
    fmt::print("{}\n", printable(said.text("sessionKey")));
    if (said.array("messages").empty()) fmt::print("Nothing was said there yet.\n");
    for (const Json& message : said.array("messages")) {
      fmt::print("\n#{} {}  {}\n{}\n", printable(message.text("id")), printable(message.text("ts")),
                 printable(message.text("user")), printable(message.text("text"), true));
    }
    return kExitOk;
  };
}

}  // namespace spine::cli
