// channels.telegram: what its adapter needs. Who may speak is in channel_config.
#include "engine/config/settings/telegram_config.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "engine/config/config.h"
#include "engine/config/source/reading.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

using enum Type;
using Account = TelegramAccount;

constexpr std::string_view kTelegramName = "telegram";
constexpr std::string_view kTokenVariable = "TELEGRAM_BOT_TOKEN";

constexpr Accepts kReplies = one_of({{"off", TelegramReplies::off},
                                     {"first", TelegramReplies::first},
                                     {"all", TelegramReplies::all}});
constexpr Accepts kRich = one_of(
    {{"off", TelegramRich::off}, {"auto", TelegramRich::automatic}, {"on", TelegramRich::on}});

// Blocks and progress are shown as text that grows, too.
constexpr Accepts kStreaming = one_of({{"partial", TelegramStreaming::partial},
                                       {"off", TelegramStreaming::off},
                                       {"block", TelegramStreaming::partial},
                                       {"progress", TelegramStreaming::partial},
                                       {"draft", TelegramStreaming::draft}});
constexpr Accepts kFinal = one_of({{"edit", TelegramFinal::edit}, {"fresh", TelegramFinal::fresh}});

constexpr std::array kTelegram{
    Setting{"botToken", secret, in<&Account::token>, "of the bot, from @BotFather"},
    Setting{"tokenFile", path, in<&Account::token_file>, "a file that holds the token"},
    Setting{"apiRoot", text, in<&Account::api_root>, "where the Bot API is, without /bot<token>"},
    Setting{"webhookUrl", text, in<&Account::webhook_url>,
            "refused: this version receives by long polls"},
    remote("textChunkLimit", whole(1, 1'000'000), in<&Account::chunk_units>,
           "how long one message may be, up to Telegram's 4,096"),
    remote("replyToMode", kReplies, in<&Account::replies>,
           "which messages of an answer refer to the question"),
    remote("rich", kRich, in<&Account::rich>,
           "whether tables, headings and maths go out as rich messages"),
    remote("linkPreview", boolean, in<&Account::link_preview>, "whether links are shown as cards"),
    remote("streaming", any, not_kept,
           "how an answer is shown while it is written: off, partial, block, progress or draft"),
    remote("streamMode", kStreaming, in<&Account::streaming>, "the same"),
    remote("finalAs", kFinal, in<&Account::final_as>,
           "whether the whole answer takes the place of what was shown, or is a new message"),
    unused("direct|topics|defaultTo|defaultAccount|webhookSecret|webhookPath|webhookHost|"
           "webhookPort|proxy|network|retry|timeoutSeconds|historyLimit|dmHistoryLimit|dms|"
           "chunkMode|blockStreaming|blockStreamingCoalesce|draftChunk|"
           "mediaMaxMb|actions|reactionNotifications|reactionLevel|markdown|capabilities|"
           "customCommands|commands|configWrites|heartbeat|responsePrefix|ackReaction"),
};

const ChannelConfig* telegram_of(const Config& config) {
  const auto found = std::ranges::find(config.channels, kTelegramName, &ChannelConfig::name);
  return found == config.channels.end() ? nullptr : &*found;
}

// The default account's; that of nobody where there is none, for what is said of defaults.
const void* default_account(const Config& config, std::string_view name) {
  static const Account nobody;
  if (name == "*") return &nobody;
  const ChannelConfig* channel = telegram_of(config);
  if (channel == nullptr) return nullptr;
  const auto found = std::ranges::find(channel->telegram, std::string{}, &Account::name);
  return found == channel->telegram.end() ? nullptr : &*found;
}

constexpr std::array kPlaces{TablePlace{"channels.telegram.accounts.*."},
                             TablePlace{"channels.telegram.", default_account}};

// "streaming" is a word, true or false, or an object with such a `mode`.
void read_streaming(const Reading& reading, NodeId node, Account& account) {
  const NodeId whole = reading.below(node, "streaming");
  if (whole == 0) return;
  const NodeId mode = reading.below(whole, "mode");
  const bool is_object = reading.document.kind(whole) == Kind::object;
  const NodeId said = is_object ? mode : whole;
  if (said == 0) return;
  const Kind kind = reading.document.kind(said);
  if (kind == Kind::boolean) {
    account.streaming = *reading.flag(said) ? TelegramStreaming::partial : TelegramStreaming::off;
    return;
  }
  const Choice* choice =
      kind == Kind::string ? kStreaming.find(reading.document.text(said)) : nullptr;
  if (choice == nullptr) {
    return reading.error(said, "channels.telegram: streaming must be {}, true or false.",
                         accepted(kStreaming));
  }
  account.streaming = static_cast<TelegramStreaming>(choice->value);
}

// Whether it can be used. What is wrong with it is said.
bool check(const Reading& reading, NodeId node, Account& account) {
  while (account.api_root.ends_with('/'))
    account.api_root.pop_back();
  const bool good_root =
      account.api_root.starts_with("https://") || account.api_root.starts_with("http://");
  if (!good_root) {
    reading.error(node, "channels.telegram: apiRoot must begin with https:// or http://, as in {}.",
                  Account{}.api_root);
  }
  if (!account.webhook_url.empty()) {
    reading.warn(node,
                 "channels.telegram: webhookUrl is not served in this version: take it out, and "
                 "messages are received by long polls. Until then the account is not connected.");
  }
  return !account.token.empty() || !account.token_file.empty();
}

}  // namespace

constinit const SettingTable kTelegramTable{kPlaces, kTelegram};

std::vector<TelegramAccount> read_telegram(const Reading& reading, NodeId channel) {
  std::vector<Account> accounts;
  Account common;
  reading.take(kTelegram, channel, &common);
  read_streaming(reading, channel, common);
  common.typing = reading.text(reading.root, "session.typingMode") != "never";
  Account own = common;
  common.token.clear();
  common.token_file.clear();
  bool own_listed = false;
  for (const NodeId node : reading.children(reading.below(channel, "accounts"))) {
    const std::string_view key = reading.document.key(node);
    // Its token may stand on the outside.
    const bool is_default = same_but_case(key, "default");
    own_listed = own_listed || is_default;
    Account account = is_default ? own : common;
    reading.take(kTelegram, node, &account);
    read_streaming(reading, node, account);
    account.name = is_default ? "" : std::string(key);
    account.enabled = reading.flag(node, "enabled").value_or(true);
    if (check(reading, node, account)) {
      accounts.push_back(std::move(account));
    } else if (account.enabled) {
      reading.warn(node, "channels.telegram.accounts.{} has no botToken: it is not connected.",
                   printable(key));
    }
  }
  const char* token = reading.environment.find(kTokenVariable);
  if (token != nullptr && own.token.empty() && own.token_file.empty()) own.token = token;
  if (!own_listed && check(reading, channel, own)) accounts.push_back(std::move(own));
  return accounts;
}

}  // namespace spine::config
