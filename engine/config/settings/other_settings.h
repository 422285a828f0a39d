// The small sections: commands, messages, crons, logging; and those that Spine leaves alone.
#pragma once

#include <string>

#include "engine/log/level.h"

namespace spine::config {

struct Reading;
struct SettingTable;

using LogFormat = log::Format;
using LogLevel = log::Level;

struct CronConfig {  // crons.<name>: kept and shown, not run yet
  std::string name{};
  std::string schedule{};
  std::string action{};
};

extern const SettingTable kOtherTable;
extern const SettingTable kCronTable;
void read_queue_modes(const Reading& reading);  // after read_channels()
void read_crons(Reading& reading);
void check_logging(const Reading& reading);

}  // namespace spine::config
