// Kinds: what channels there are.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/process/places.h"
#include "adapters/channels/interface/channel.h"
#include "adapters/channels/interface/setup.h"
#include "adapters/media/media_keeper.h"
#include "adapters/outbound/http_client.h"
#include "engine/config/settings/channel_config.h"

namespace spine::channels {

// What an account is made from, and what those of all channels share. The references outlive it.
struct HostMeans {
  const agents::GatewayPlaces& gateway;
  // Null where no kind with `hosts` has an account.
  std::shared_ptr<http::HttpClient> http{};
  media::MediaKeeper* media{};  // null = files of messages cannot be kept
};

// One kind of channel.
struct ChannelKind {
  std::string_view name{};
  // Whether a channel that is configured so is of this kind.
  std::function<bool(const config::ChannelConfig&)> serves{};
  // The names of its accounts; "" is the only one.
  std::function<std::vector<std::string>(const config::ChannelConfig&)> accounts{};
  // Whether one that runs may go on under the new configuration, which it is not told of.
  std::function<bool(const config::ChannelConfig& before, const config::ChannelConfig& after)>
      same{};
  std::function<std::unique_ptr<Channel>(const ChannelSetup&, const std::string& account,
                                         const HostMeans&)>
      make{};
  // For kinds that call a platform over HTTP: hosts they have to reach that are not public, as they
  // stand in the URLs. Null: it calls nobody.
  std::function<std::vector<std::string>(const config::ChannelConfig&)> hosts{};
};

// Those that this program has. The first that serves a channel is taken.
std::vector<ChannelKind> channel_kinds();

}  // namespace spine::channels
