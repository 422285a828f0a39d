// Time stamps with the offset from UTC, and the two shapes of a line.
#include "engine/log/line_format.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <iterator>
#include <string_view>

#include "schemas/vocab/json.h"

namespace spine::log {
namespace {

using Buffer = spdlog::memory_buf_t;

struct LevelNames {
  std::string_view upper{};
  std::string_view lower{};
};

LevelNames names_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
      return {"TRACE", "trace"};
    case spdlog::level::debug:
      return {"DEBUG", "debug"};
    case spdlog::level::warn:
      return {"WARN", "warn"};
    case spdlog::level::err:
      return {"ERROR", "error"};
    default:
      return {"INFO", "info"};
  }
}

// ISO 8601 with milliseconds and the local offset.
void append_time(Buffer& dest, std::chrono::system_clock::time_point time) {
  const auto ms_all =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(ms_all / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  const long offset_minutes = local.tm_gmtoff / 60;
  const long offset_abs = std::labs(offset_minutes);
  fmt::format_to(std::back_inserter(dest), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}{:02}:{:02}",
                 local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min,
                 local.tm_sec, ms_all % 1000, offset_minutes < 0 ? '-' : '+', offset_abs / 60,
                 offset_abs % 60);
}

void append_json(std::string& dest, std::string_view time, std::string_view subsystem,
                 std::string_view message, LevelNames level) {
  JsonWriter json{dest};
  json.object([&] {
    json.member("time", time);
    json.member("level", level.lower);
    json.member("subsystem", subsystem);
    json.member("message", message);
    json.object("_meta", [&] {
      json.member("date", time);
      json.member("logLevelName", level.upper);
      json.member("name",
                  json_object([&](JsonWriter& name) { name.member("subsystem", subsystem); }));
    });
  });
}

}  // namespace

void LineFormat::format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& dest) {
  const LevelNames level = names_of(msg.level);
  const std::string_view subsystem{msg.logger_name.data(), msg.logger_name.size()};
  const std::string_view message{msg.payload.data(), msg.payload.size()};
  if (format_ == Format::json) {
    Buffer time;
    append_time(time, msg.time);
    line_.clear();
    append_json(line_, {time.data(), time.size()}, subsystem, message, level);
    dest.append(line_.data(), line_.data() + line_.size());
  } else {
    append_time(dest, msg.time);
    fmt::format_to(std::back_inserter(dest), " {:<5} {}: {}", level.upper, subsystem, message);
  }
  dest.push_back('\n');
}

std::unique_ptr<spdlog::formatter> LineFormat::clone() const {
  return std::make_unique<LineFormat>(format_);
}

}  // namespace spine::log
