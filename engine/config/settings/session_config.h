// The session section: how conversations are told apart, when they start afresh, how long they
// stay.
#pragma once

#include <cstdint>

namespace spine::config {

struct Reading;
struct SettingTable;

// When conversations of one kind start afresh.
struct Reset {
  bool daily{};
  std::uint8_t at_hour{4};
  std::uint32_t idle_minutes{};
};

extern const SettingTable kSessionTable;
extern const SettingTable kResetTable;
void read_session(Reading& reading);

}  // namespace spine::config
