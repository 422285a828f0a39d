// The commands that Telegram offers beside the field where people write.
#pragma once

#include <string>
#include <string_view>

#include "adapters/channels/telegram/telegram_api.h"
#include "engine/config/settings/telegram_config.h"

namespace spine::channels {

// The arguments of setMyCommands: the gateway's own commands, unless the settings say otherwise,
// and those of the settings. One of the same name is the gateway's.
std::string menu_arguments(const config::TelegramAccount& settings);
// Sets them. One that fails is a line in the log. `channel`: for people.
void show_menu(TelegramApi& api, const config::TelegramAccount& settings, std::string_view channel);

}  // namespace spine::channels
