// What the menu of a bot offers.
#include "adapters/channels/telegram/telegram_menu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spine::channels {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(TelegramMenu, TheGatewaysCommandsAndThoseOfTheSettings) {
  config::TelegramAccount settings;
  settings.commands = {{"backup", "Save all"}, {"stop", "Something else"}};
  const std::string menu = menu_arguments(settings);
  EXPECT_THAT(menu, HasSubstr(R"({"command":"status","description":)"));
  EXPECT_THAT(menu, HasSubstr(R"({"command":"backup","description":"Save all"})"));
  EXPECT_THAT(menu, Not(HasSubstr("Something else")));
}

TEST(TelegramMenu, NoneOfTheGatewaysWhereTheSettingsSaySo) {
  config::TelegramAccount settings;
  settings.shows_commands = false;
  EXPECT_EQ(menu_arguments(settings), R"({"commands":[]})");
  settings.commands = {{"stop", "Something else"}};
  EXPECT_EQ(menu_arguments(settings),
            R"({"commands":[{"command":"stop","description":"Something else"}]})");
}

}  // namespace
}  // namespace spine::channels
