// setMyCommands.
#include "adapters/channels/telegram/telegram_menu.h"

#include <set>

#include "engine/core/messages/commands.h"
#include "engine/log/log.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::channels {
namespace {

constexpr log::Logger kMenuLog{"channels"};
constexpr std::size_t kDescriptionBytesMax = 256;

}  // namespace

std::string menu_arguments(const config::TelegramAccount& settings) {
  std::set<std::string_view> names;
  return json_object([&](JsonWriter& json) {
    const auto add = [&](std::string_view name, std::string_view description) {
      if (!names.insert(name).second) return;
      json.object([&] {
        json.member("command", name);
        json.member("description", cut_text(description, kDescriptionBytesMax));
      });
    };
    json.array("commands", [&] {
      if (settings.shows_commands) {
        for (const core::Command& command : core::commands())
          add(command.name, command.description);
      }
      for (const config::TelegramCommand& command : settings.commands)
        add(command.name, command.description);
    });
  });
}

void show_menu(TelegramApi& api, const config::TelegramAccount& settings,
               std::string_view channel) {
  api.call(TelegramMethod::set_my_commands, menu_arguments(settings),
           [name = printable(channel)](const TelegramAnswer& answer) {
             if (answer.outcome == TelegramOutcome::done) return;
             kMenuLog.info("{}: the menu of commands is as before: {}", name, answer.reason);
           });
}

}  // namespace spine::channels
