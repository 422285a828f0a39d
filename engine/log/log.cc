// The sinks behind log.h; spdlog writes, rotates and locks.
#include "engine/log/log.h"

#include <algorithm>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <spdlog/details/log_msg.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <vector>

#include "engine/log/line_format.h"
#include "engine/log/private_path.h"
#include "schemas/vocab/show.h"

namespace spine::log {
namespace detail {

std::atomic<Level> level{Level::warn};

}  // namespace detail

namespace {

using SinkPtr = std::shared_ptr<spdlog::sinks::sink>;

// Process-wide, because a line may come from anywhere. The mutex guards all but `lost`; the sinks
// lock for themselves.
struct Outlet {
  std::mutex mutex{};
  LogOptions options{};
  std::vector<std::string> secrets{};
  std::shared_ptr<spdlog::sinks::dist_sink_mt> sinks{};
  std::atomic<std::uint64_t> lost{};
};

SinkPtr make_stderr_sink(Format format) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  sink->set_formatter(std::make_unique<LineFormat>(format));
  return sink;
}

// Leaked on purpose: lines may come from destructors that run after those of this file.
Outlet& outlet() {
  static Outlet* const instance = [] {
    auto* made = new Outlet;
    made->sinks = std::make_shared<spdlog::sinks::dist_sink_mt>();
    made->sinks->set_sinks({make_stderr_sink(Format::text)});
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::trace:
      return spdlog::level::trace;
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// spdlog opens by name, also after each rotation: the file is made private just before.
spdlog::file_event_handlers private_file_handlers() {
  spdlog::file_event_handlers handlers;
  handlers.before_open = [](const spdlog::filename_t& name) {
    [[maybe_unused]] const Status made = make_private_file(name);  // fopen reports what is wrong
  };
  handlers.after_open = [](const spdlog::filename_t&, std::FILE* file) {
    ::fcntl(::fileno(file), F_SETFD, FD_CLOEXEC);
  };
  return handlers;
}

Result<SinkPtr> make_file_sink(const LogOptions& options) {
  SPINE_TRY_STATUS(make_private_directories(options.file.parent_path()));
  SPINE_TRY_STATUS(make_private_file(options.file));
  try {
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        options.file.string(), std::max<std::uint64_t>(options.bytes_max, 1), options.files_kept,
        false, private_file_handlers());
    sink->set_formatter(std::make_unique<LineFormat>(options.format));
    return SinkPtr{std::move(sink)};
  } catch (const std::exception& failure) {
    return Error{Errc::io, fmt::format("Cannot write the log file {}: {}.", options.file.string(),
                                       failure.what())};
  }
}

Result<std::vector<SinkPtr>> make_sinks(const LogOptions& options) {
  std::vector<SinkPtr> sinks;
  // stderr first: it must not miss a line because the file's disk is full.
  if (options.to_stderr) sinks.push_back(make_stderr_sink(options.format));
  if (!options.file.empty()) {
    SPINE_TRY(SinkPtr file, make_file_sink(options));
    sinks.push_back(std::move(file));
  }
  return sinks;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

std::string formatted(fmt::string_view format, fmt::format_args args) {
  try {
    return fmt::vformat(format, args);
  } catch (const std::exception& failure) {
    return fmt::format("(this line could not be formatted: {})", failure.what());
  }
}

}  // namespace

namespace detail {

void write(Level at_level, std::string_view subsystem, fmt::string_view format,
           fmt::format_args args) {
  std::string message = formatted(format, args);
  Outlet& out = outlet();
  std::shared_ptr<spdlog::sinks::dist_sink_mt> sinks;
  {
    const std::scoped_lock lock(out.mutex);
    for (const std::string& secret : out.secrets)
      replace_all(message, secret, "[redacted]");
    sinks = out.sinks;
  }
  message = printable(message);
  try {
    sinks->log(spdlog::details::log_msg{spdlog::string_view_t{subsystem.data(), subsystem.size()},
                                        spdlog_level(at_level),
                                        spdlog::string_view_t{message.data(), message.size()}});
    sinks->flush();
  } catch (const std::exception&) {
    out.lost.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace detail

Status init(const LogOptions& options) {
  SPINE_TRY(std::vector<SinkPtr> sinks, make_sinks(options));
  Outlet& out = outlet();
  const std::scoped_lock lock(out.mutex);
  out.options = options;
  out.sinks->set_sinks(std::move(sinks));
  detail::level.store(options.level, std::memory_order_relaxed);
  return ok();
}

Status reopen() {
  Outlet& out = outlet();
  LogOptions options;
  {
    const std::scoped_lock lock(out.mutex);
    options = out.options;
  }
  if (options.file.empty()) return ok();
  options.level = detail::level.load(std::memory_order_relaxed);
  return init(options);
}

void shutdown() {
  Outlet& out = outlet();
  const std::scoped_lock lock(out.mutex);
  out.sinks->set_sinks({make_stderr_sink(out.options.format)});
  out.options.file.clear();
  detail::level.store(Level::warn, std::memory_order_relaxed);
}

void set_level(Level level) {
  detail::level.store(level, std::memory_order_relaxed);
}

std::filesystem::path current_file() {
  Outlet& out = outlet();
  const std::scoped_lock lock(out.mutex);
  return out.options.file;
}

void redact(std::string secret) {
  if (secret.empty()) return;
  Outlet& out = outlet();
  const std::scoped_lock lock(out.mutex);
  if (std::find(out.secrets.begin(), out.secrets.end(), secret) == out.secrets.end()) {
    out.secrets.push_back(std::move(secret));
  }
}

std::string redacted(std::string text) {
  Outlet& out = outlet();
  const std::scoped_lock lock(out.mutex);
  for (const std::string& secret : out.secrets)
    replace_all(text, secret, "[redacted]");
  return text;
}

std::uint64_t lines_lost() {
  return outlet().lost.load(std::memory_order_relaxed);
}

}  // namespace spine::log
