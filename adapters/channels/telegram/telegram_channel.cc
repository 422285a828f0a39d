// TelegramChannel: the token, the poller or the webhook, the sender.
#include "adapters/channels/telegram/telegram_channel.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "adapters/channels/telegram/telegram_api.h"
#include "adapters/channels/telegram/telegram_files.h"
#include "adapters/channels/telegram/telegram_inbox.h"
#include "adapters/channels/telegram/telegram_menu.h"
#include "adapters/channels/telegram/telegram_poller.h"
#include "adapters/channels/telegram/telegram_preview.h"
#include "adapters/channels/telegram/telegram_sender.h"
#include "adapters/channels/telegram/telegram_typing.h"
#include "adapters/channels/telegram/telegram_webhook.h"
#include "engine/log/log.h"
#include "engine/state_dir/token.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::channels {
namespace {

constexpr log::Logger kLog{"channels"};

// "127.0.0.1" of "http://127.0.0.1:8081"; of an IPv6 address without its brackets.
std::string host_of(std::string_view root) {
  root.remove_prefix(std::min(root.find("://") + 3, root.size()));
  const std::size_t end = root.starts_with('[') ? root.find(']') : root.find_first_of(":/?#");
  const std::string_view host = root.substr(0, end);
  return lower_case(host.starts_with('[') ? host.substr(1) : host);
}

bool is_cloud(const config::TelegramAccount& settings) {
  return settings.api_root == config::TelegramAccount{}.api_root;
}

// Of a file that is fetched.
std::uint64_t media_bytes_max(const config::TelegramAccount& settings) {
  const std::uint64_t wanted = settings.media_mb_max * limits::kMiB;
  return is_cloud(settings) ? std::min(wanted, kTelegramFileBytesMax) : wanted;
}

// Of a file that is sent.
std::uint64_t upload_bytes_max(const config::TelegramAccount& settings) {
  const std::uint64_t wanted = settings.media_mb_max * limits::kMiB;
  return is_cloud(settings) ? std::min(wanted, kTelegramUploadBytesMax) : wanted;
}

std::string shown(const Reports& reports) {
  const std::string name = printable(reports.channel());
  if (reports.account().empty()) return name;
  return fmt::format("{} ({})", name, printable(reports.account()));
}

class TelegramChannel final : public Channel {
 public:
  TelegramChannel(const ChannelSetup& setup, const config::TelegramAccount& settings,
                  std::shared_ptr<http::HttpClient> http, media::MediaKeeper* media)
      : setup_(setup), settings_(settings), http_(std::move(http)), media_(media) {}

  Status start() override;
  void deliver(const Delivery& delivery) override { parts_->sender.deliver(delivery); }
  void acknowledged(std::string_view identity, std::string_view position) override {
    if (!parts_) return;
    if (by_webhook()) return parts_->webhook.acknowledged(identity, position);
    parts_->poller.acknowledged(identity, position);
  }
  void webhook(const Webhook& request, AnswerWebhook answer) override {
    if (!parts_ || !by_webhook()) return answer(404, {});
    parts_->webhook.take(request, std::move(answer));
  }
  void begin_work(const Work& work) override;
  void show_text(RunId run, std::string_view text, bool behind) override {
    if (parts_) parts_->preview.show(run, text, behind);
  }
  void end_work(RunId run) override;
  void stop() override;
  bool ended() const override { return !parts_ || parts_->api.calls() == 0; }

 private:
  struct Parts {
    Parts(TelegramChannel& self, std::string token)
        : api(self.http_, self.settings_.api_root, std::move(token), self.settings_.timeout_ms),
          typing(self.setup_.base, api),
          preview(self.setup_.base, api, self.setup_.reports, self.settings_, pauses),
          sender(api, self.setup_.reports, self.settings_, pauses, preview,
                 [&self](std::string_view why) {
                   self.setup_.reports.state(fb::ChannelState::logged_out, why);
                 },
                 {.folder = self.media_ == nullptr ? "" : self.media_->folder().string(),
                  .bytes_max = upload_bytes_max(self.settings_)}),
          files(self.setup_.base, api, self.http_,
                {.bytes_max = media_bytes_max(self.settings_),
                 .keeper = self.media_,
                 .name = shown(self.setup_.reports)}),
          inbox(
              api, files, self.setup_.reports,
              [&self](std::string_view from, std::string_view to) { self.moved(from, to); },
              [&self] {
                show_menu(self.parts_->api, self.settings_, self.setup_.reports.channel());
              }),
          poller(self.setup_.base, api, self.setup_.reports, inbox),
          webhook(self.setup_.base, api, self.setup_.reports, inbox, self.settings_) {}

    TelegramApi api;
    TelegramPauses pauses{};
    TelegramTyping typing;
    TelegramPreview preview;
    TelegramSender sender;
    TelegramFiles files;
    TelegramInbox inbox;
    TelegramPoller poller;
    TelegramWebhook webhook;
  };

  bool by_webhook() const { return !settings_.webhook_url.empty(); }

  Result<std::string> token() const;
  void moved(std::string_view from, std::string_view to);

  const ChannelSetup setup_;
  const config::TelegramAccount& settings_;
  std::shared_ptr<http::HttpClient> http_;
  media::MediaKeeper* media_;
  std::optional<Parts> parts_{};
};

Result<std::string> TelegramChannel::token() const {
  std::string token = settings_.token;
  if (token.empty()) {
    SPINE_TRY(token, state_dir::read_token_file(settings_.token_file));
  }
  if (is_telegram_token(token)) return token;
  return Error{
      Errc::invalid_argument,
      "The bot token of Telegram has not the form 123456:ABC...: take it from @BotFather."};
}

Status TelegramChannel::start() {
  setup_.reports.state(fb::ChannelState::starting);
  SPINE_TRY(std::string token, this->token());
  parts_.emplace(*this, std::move(token));
  by_webhook() ? parts_->webhook.start() : parts_->poller.start();
  return ok();
}

void TelegramChannel::begin_work(const Work& work) {
  if (!parts_) return;
  if (settings_.typing) parts_->typing.begin(work);
  parts_->preview.begin(work);
}

void TelegramChannel::end_work(RunId run) {
  if (!parts_) return;
  parts_->typing.end(run);
  parts_->preview.end(run);
}

void TelegramChannel::stop() {
  if (!parts_) return;
  parts_->poller.stop();
  parts_->webhook.stop();
  parts_->typing.stop();
  parts_->sender.stop();
  parts_->preview.stop();
  parts_->files.stop();
  parts_->api.stop();
}

void TelegramChannel::moved(std::string_view from, std::string_view to) {
  kLog.info("{}: the group {} has the id {} now", printable(setup_.reports.channel()),
            printable(from), printable(to));
  setup_.reports.migrated(from, to);
  parts_->typing.moved(from, to);
  parts_->preview.moved(from, to);
}

}  // namespace

std::vector<std::string> telegram_accounts(const config::ChannelConfig& channel) {
  std::vector<std::string> names;
  for (const config::TelegramAccount& account : channel.telegram) {
    if (account.enabled) names.push_back(account.name);
  }
  return names;
}

std::vector<std::string> telegram_hosts(const config::ChannelConfig& channel) {
  std::vector<std::string> hosts;
  for (const config::TelegramAccount& account : channel.telegram) {
    if (account.api_root != config::TelegramAccount{}.api_root) {
      hosts.push_back(host_of(account.api_root));
    }
  }
  return hosts;
}

std::unique_ptr<Channel> make_telegram_channel(const ChannelSetup& setup,
                                               const std::string& account,
                                               std::shared_ptr<http::HttpClient> http,
                                               media::MediaKeeper* media) {
  const auto& accounts = setup.config.telegram;
  const auto settings = std::ranges::find(accounts, account, &config::TelegramAccount::name);
  SPINE_CHECK(settings != accounts.end());
  return std::make_unique<TelegramChannel>(setup, *settings, std::move(http), media);
}

}  // namespace spine::channels
