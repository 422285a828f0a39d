// channels.telegram: what its adapter needs. Who may speak is in channel_config.
#include "engine/config/settings/telegram_config.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "engine/config/config.h"
#include "engine/config/source/reading.h"
#include "schemas/vocab/addresses.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

using enum Type;
using Account = TelegramAccount;

constexpr std::string_view kTelegramName = "telegram";
constexpr std::size_t kCommandBytesMax = 32;
constexpr std::size_t kCommandsMax = 80;  // Telegram takes 100, the gateway's among them
constexpr std::string_view kTokenVariable = "TELEGRAM_BOT_TOKEN";

constexpr Accepts kReplies = one_of({{"off", TelegramReplies::off},
                                     {"first", TelegramReplies::first},
                                     {"all", TelegramReplies::all}});
constexpr Accepts kRich = one_of(
    {{"off", TelegramRich::off}, {"auto", TelegramRich::automatic}, {"on", TelegramRich::on}});

constexpr Accepts kFallbacks = one_of({{"none", false}, {"general", true}});
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
            "where Telegram posts messages, instead of long polls"},
    Setting{"webhookSecret", secret, in<&Account::webhook_secret>,
            "by which those posts are known; with webhookUrl it must be there"},
    Setting{"webhookPath", text, in<&Account::webhook_path>,
            "another path for them at webhookPort, beside /channels/telegram/webhook"},
    Setting{"webhookHost", text, in<&Account::webhook_host>, "the address that webhookPort is at",
            Applies::restart},
    Setting{"webhookPort", whole(0, 65'535), in<&Account::webhook_port>,
            "a port that serves webhooks and nothing else; 0 = one that is free", Applies::restart},
    remote("textChunkLimit", whole(1, 1'000'000), in<&Account::chunk_units>,
           "how long one message may be, up to Telegram's 4,096"),
    remote("replyToMode", kReplies, in<&Account::replies>,
           "which messages of an answer refer to the question"),
    remote("rich", kRich, in<&Account::rich>,
           "whether tables, headings and maths go out as rich messages"),
    remote("mediaMaxMb", whole(1, 100), in<&Account::media_mb_max>,
           "how large a file may be that is fetched or sent, in MiB; Telegram's own servers give "
           "bots up to 20, and take 50"),
    remote("linkPreview", boolean, in<&Account::link_preview>, "whether links are shown as cards"),
    Setting{"topicFallback", kFallbacks, in<&Account::topic_fallback>,
            "where what a closed or deleted topic does not take goes: nowhere, or to General"},
    remote("timeoutSeconds", whole(1, 2'000'000, 1'000), in<&Account::timeout_ms>,
           "how long a call may take, up to ten minutes"),
    Setting{"commands.native", scalar, not_kept,
            "false: the gateway's commands are not in the bot's menu"},
    Setting{"customCommands", list, not_kept, "further commands in the bot's menu"},
    Setting{"customCommands.[].command", text, not_kept, "its name, without \"/\""},
    Setting{"customCommands.[].description", text, not_kept, "what it does, for people"},
    remote("streaming", any, not_kept,
           "how an answer is shown while it is written: off, partial, block, progress or draft"),
    remote("streamMode", kStreaming, in<&Account::streaming>, "the same"),
    remote("finalAs", kFinal, in<&Account::final_as>,
           "whether the whole answer takes the place of what was shown, or is a new message"),
    unused("commands.*"),
    unused("direct|topics|defaultTo|defaultAccount|proxy|network|"
           "retry|historyLimit|dmHistoryLimit|dms|"
           "chunkMode|blockStreaming|blockStreamingCoalesce|draftChunk|"
           "actions|reactionNotifications|reactionLevel|markdown|capabilities|"
           "configWrites|heartbeat|responsePrefix|ackReaction"),
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

// Telegram's own rule for secret_token.
bool is_webhook_secret(std::string_view text) {
  return !text.empty() && text.size() <= 256 && is_plain(text, "_-");
}

void check_webhook(const Reading& reading, NodeId node, const Account& account) {
  const bool own_root = account.api_root != Account{}.api_root;
  const bool good_url = account.webhook_url.starts_with("https://") ||
                        (own_root && account.webhook_url.starts_with("http://"));
  if (!account.webhook_path.empty() && !account.webhook_path.starts_with('/')) {
    reading.error(node, "channels.telegram: webhookPath must begin with \"/\".");
  }
  if (account.webhook_port && !parse_ip(account.webhook_host)) {
    reading.error(node, "channels.telegram: webhookHost must be an IP address, as in 127.0.0.1.");
  }
  if (!account.webhook_path.empty() && !account.webhook_port) {
    reading.warn(node,
                 "channels.telegram: webhookPath is served at webhookPort alone, which is not set: "
                 "Telegram's posts have to come to /channels/telegram/webhook.");
  }
  if (account.webhook_url.empty()) return;
  if (!good_url) {
    reading.error(node, "channels.telegram: webhookUrl must begin with https://.");
  }
  if (!is_webhook_secret(account.webhook_secret)) {
    reading.error(
        node,
        "channels.telegram: webhookUrl needs a webhookSecret of 1 to 256 letters, digits, "
        "_ and -, so that nobody else can post messages.");
  }
}

// What stands below replaces what the account took from the channel.
void read_commands(const Reading& reading, NodeId node, Account& account) {
  if (const NodeId native = reading.below(node, "commands.native"); native != 0) {
    // "auto" is yes.
    account.shows_commands = reading.id(native) || reading.flag(native).value_or(true);
  }
  const NodeId list = reading.below(node, "customCommands");
  if (list == 0) return;
  account.commands.clear();
  for (const NodeId item : reading.children(list)) {
    std::string name = lower_case(reading.text(item, "command").value_or(""));
    if (name.starts_with('/')) name.erase(0, 1);
    const std::string description = reading.text(item, "description").value_or("");
    const bool good = !name.empty() && name.size() <= kCommandBytesMax && is_plain(name, "_");
    if (!good || description.empty() || account.commands.size() == kCommandsMax) {
      reading.warn(item,
                   "channels.telegram: this custom command is left out: it needs a name of 1 to 32 "
                   "letters, digits and _, and a description, and there may be {} of them.",
                   kCommandsMax);
      continue;
    }
    account.commands.push_back({std::move(name), description});
  }
}

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
  if (account.token.empty() && account.token_file.empty()) return false;
  check_webhook(reading, node, account);
  return true;
}

// A post has to lead to one account.
void check_addresses(const Reading& reading, NodeId channel, const std::vector<Account>& accounts) {
  for (auto one = accounts.begin(); one != accounts.end(); ++one) {
    const bool twice = std::any_of(one + 1, accounts.end(), [&](const Account& other) {
      return other.enabled && one->enabled && !one->webhook_url.empty() &&
             (other.webhook_url == one->webhook_url ||
              (!one->webhook_path.empty() && other.webhook_path == one->webhook_path));
    });
    if (!twice) continue;
    reading.error(
        channel,
        "channels.telegram: two accounts have one webhookUrl or webhookPath: give each its "
        "own, as in .../channels/telegram/webhook/{}.",
        one->name.empty() ? "default" : printable(one->name));
  }
}

}  // namespace

constinit const SettingTable kTelegramTable{kPlaces, kTelegram};

std::vector<TelegramAccount> read_telegram(const Reading& reading, NodeId channel) {
  std::vector<Account> accounts;
  Account common;
  reading.take(kTelegram, channel, &common);
  read_commands(reading, channel, common);
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
    read_commands(reading, node, account);
    if (account.webhook_port != common.webhook_port || account.webhook_host != common.webhook_host)
      reading.error(node, "channels.telegram: all accounts have one webhookPort and webhookHost.");
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
  check_addresses(reading, channel, accounts);
  return accounts;
}

}  // namespace spine::config
