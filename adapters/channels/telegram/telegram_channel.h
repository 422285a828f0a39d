// TelegramChannel: a bot of Telegram, by the Bot API.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/channels/interface/channel.h"
#include "adapters/channels/interface/setup.h"
#include "adapters/media/media_keeper.h"
#include "adapters/outbound/http_client.h"

namespace spine::channels {

// The accounts that are enabled, and the hosts of API roots that are others than Telegram's own.
std::vector<std::string> telegram_accounts(const config::ChannelConfig& channel);
std::vector<std::string> telegram_hosts(const config::ChannelConfig& channel);

// The account of that name of channels.telegram. The policy of `http` lets it call the account's
// API root. `media` keeps the files of messages; null = none can be kept. REQUIRES: the
// configuration has the account. Thread: loop.
std::unique_ptr<Channel> make_telegram_channel(const ChannelSetup& setup,
                                               const std::string& account,
                                               std::shared_ptr<http::HttpClient> http,
                                               media::MediaKeeper* media);

}  // namespace spine::channels
