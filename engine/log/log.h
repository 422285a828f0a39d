// Where words for people go: levels, subsystems, text or JSON lines, files that rotate.
// Logging is for starts, stops, connections and trouble; nothing logs per message.
// Text: `2026-11-22T15:37:30.123+01:00 INFO  engine: message`.
// JSON: {"time","level","subsystem","message","_meta":{"date","logLevelName","name"}}, the fields
// that readers of tslog lines look for; _meta.name is itself JSON text, {"subsystem":...}.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <string>
#include <string_view>

#include "engine/log/level.h"
#include "schemas/vocab/result.h"

namespace spine::log {

struct LogOptions {
  Format format{Format::text};
  Level level{Level::info};
  std::filesystem::path file{};                  // empty = no file
  std::uint64_t bytes_max{16ULL * 1024 * 1024};  // a larger file is rotated to file.1, file.2, ...
  std::uint32_t files_kept{5};                   // rotated files beside the current one
  bool to_stderr{true};
};

// Opens the file (mode 0600, its directories 0700) and replaces what was set before; also applies
// changed options later. On an error what was set before stays. Until the first call warnings and
// errors go to stderr as text. Thread: any, one at a time.
Status init(const LogOptions& options);

// Opens the file by its name again, for whoever moved it away (SIGHUP). Thread: any.
Status reopen();

// Writes out what is buffered and closes the file; later lines go to stderr, if warnings or worse.
void shutdown();

void set_level(Level level);

// The file lines go to now, for logs.tail; empty when there is none. Thread: any.
std::filesystem::path current_file();

// From now on `secret` stands as [redacted] in every line. Never forgotten. Thread: any.
void redact(std::string secret);
// The text with those secrets left out, for what goes elsewhere than to the log. Thread: any.
std::string redacted(std::string text);

namespace detail {

extern std::atomic<Level> level;  // relaxed: a change may be seen a little later

void write(Level level, std::string_view subsystem, fmt::string_view format, fmt::format_args args);

}  // namespace detail

inline bool enabled(Level level) {
  return level >= detail::level.load(std::memory_order_relaxed);
}

// Names the subsystem of its lines. A call below the level costs one load. Thread: any.
// `subsystem` must outlive the Logger: a literal.
class Logger {
 public:
  explicit constexpr Logger(std::string_view subsystem) : subsystem_(subsystem) {}

  template <class... Args>
  void trace(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(Level::trace)) write(Level::trace, format, fmt::make_format_args(args...));
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(Level::debug)) write(Level::debug, format, fmt::make_format_args(args...));
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(Level::info)) write(Level::info, format, fmt::make_format_args(args...));
  }
  template <class... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(Level::warn)) write(Level::warn, format, fmt::make_format_args(args...));
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(Level::error)) write(Level::error, format, fmt::make_format_args(args...));
  }

 private:
  void write(Level level, fmt::string_view format, fmt::format_args args) const {
    detail::write(level, subsystem_, format, args);
  }

  std::string_view subsystem_;
};

}  // namespace spine::log
