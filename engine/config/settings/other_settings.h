// The small sections: commands, messages, crons, logging; and those that Spine leaves alone.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "engine/log/level.h"
#include "schemas/vocab/phrases.h"

namespace spine::config {

struct Reading;
struct SettingTable;

using LogFormat = log::Format;
using LogLevel = log::Level;

enum class LanguageChoice : std::uint8_t { by_environment, english, chinese };
std::array<std::string, kPhrases.size()> english_phrases();

struct ChannelWait {      // messages.inbound.byChannel
  std::string channel{};  // lower case
  std::uint32_t ms{};
};

struct CronConfig {  // crons.<name>: kept and shown, not run yet
  std::string name{};
  std::string schedule{};
  std::string action{};
};

extern const SettingTable kOtherTable;
extern const SettingTable kPhrasesTable;
extern const SettingTable kCronTable;
void read_queue_modes(const Reading& reading);  // after read_channels()
void read_debounces(const Reading& reading);
// Those that the file does not have are in the language that messages.language says, or else
// LC_ALL, LC_MESSAGES or LANG.
void read_phrases(const Reading& reading);
void read_crons(Reading& reading);
void check_logging(const Reading& reading);

}  // namespace spine::config
