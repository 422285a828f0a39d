// The table of kinds: one entry a kind.
#include "adapters/channels/host/kinds.h"

#include "adapters/channels/program/program_channel.h"
#include "adapters/channels/telegram/telegram_channel.h"

namespace spine::channels {

std::vector<ChannelKind> channel_kinds() {
  using config::ChannelConfig;
  return {
      {.name = "program",
       .serves = [](const ChannelConfig& channel) { return !channel.program.command.empty(); },
       .accounts = [](const ChannelConfig&) { return std::vector<std::string>{""}; },
       .same = [](const ChannelConfig& before,
                  const ChannelConfig& after) { return before.program == after.program; },
       .make = [](const ChannelSetup& setup, const std::string&,
                  const HostMeans& means) { return make_program_channel(setup, means.gateway); }},
      {.name = "telegram",
       .serves = [](const ChannelConfig& channel) { return !channel.telegram.empty(); },
       .accounts = telegram_accounts,
       .same = [](const ChannelConfig& before,
                  const ChannelConfig& after) { return before.telegram == after.telegram; },
       .make =
           [](const ChannelSetup& setup, const std::string& account, const HostMeans& means) {
             return make_telegram_channel(setup, account, means.http, means.media);
           },
       .hosts = telegram_hosts},
  };
}

}  // namespace spine::channels
