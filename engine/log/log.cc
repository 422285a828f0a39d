// The shapes of lines and the sinks behind log.h; spdlog writes, rotates and locks.
#include "engine/log/log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <fcntl.h>
#include <iterator>
#include <memory>
#include <mutex>
#include <spdlog/details/log_msg.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <system_error>
#include <vector>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::log {
namespace detail {

std::atomic<Level> level{Level::warn};

}  // namespace detail

namespace {

using Buffer = spdlog::memory_buf_t;
static_assert(static_cast<int>(Level::trace) == spdlog::level::trace);
static_assert(static_cast<int>(Level::error) == spdlog::level::err);

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

// One message as a line. Expects what is printable() already.
class LineFormat final : public spdlog::formatter {
 public:
  explicit LineFormat(Format format) : format_(format) {}

  void format(const spdlog::details::log_msg& msg, Buffer& dest) override {
    constexpr std::array<std::string_view, 5> kLevels{"TRACE", "DEBUG", "INFO", "WARN", "ERROR"};
    const std::string_view level = kLevels.at(static_cast<std::size_t>(msg.level));
    const std::string_view subsystem{msg.logger_name.data(), msg.logger_name.size()};
    const std::string_view message{msg.payload.data(), msg.payload.size()};
    if (format_ == Format::json) {
      Buffer time;
      append_time(time, msg.time);
      line_.clear();
      const std::string_view at{time.data(), time.size()};
      JsonWriter json{line_};
      json.object([&] {
        json.member("time", at);
        json.member("level", lower_case(level));
        json.member("subsystem", subsystem);
        json.member("message", message);
        json.object("_meta", [&] {
          json.member("date", at);
          json.member("logLevelName", level);
          json.member("name",
                      json_object([&](JsonWriter& name) { name.member("subsystem", subsystem); }));
        });
      });
      dest.append(line_.data(), line_.data() + line_.size());
    } else {
      append_time(dest, msg.time);
      fmt::format_to(std::back_inserter(dest), " {:<5} {}: {}", level, subsystem, message);
    }
    dest.push_back('\n');
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LineFormat>(format_);
  }

 private:
  Format format_;
  std::string line_{};  // as JSON; kept for its memory
};

// Creates the file empty with mode 0600, or takes the rights of group and others from the one that
// exists. Only regular files are touched.
Status make_private_file(const std::filesystem::path& file) {
  const auto failed = [&file](std::string_view what) {
    return Error{Errc::io, fmt::format("Cannot {} {}: {}.", what, file.string(),
                                       std::generic_category().message(errno))};
  };
  const UniqueFd fd(::open(
      file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600));
  if (!fd) return failed("open");
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return failed("set the mode of");
  const bool open_to_others = S_ISREG(info.st_mode) && (info.st_mode & 0777U) != 0600U;
  if (open_to_others && ::fchmod(fd.get(), 0600) != 0) return failed("set the mode of");
  return ok();
}

using SinkPtr = std::shared_ptr<spdlog::sinks::sink>;

// Process-wide, because a line may come from anywhere. The mutex guards all of it; the sinks lock
// for themselves.
struct Outlet {
  std::mutex mutex{};
  LogOptions options{};
  std::vector<std::string> secrets{};
  std::shared_ptr<spdlog::sinks::dist_sink_mt> sinks{};

  void leave_out_secrets(std::string& text) const {
    constexpr std::string_view kInstead = "[redacted]";
    for (const std::string& secret : secrets) {
      for (std::size_t at = text.find(secret); at != std::string::npos;
           at = text.find(secret, at + kInstead.size())) {
        text.replace(at, secret.size(), kInstead);
      }
    }
  }
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

Result<SinkPtr> make_file_sink(const LogOptions& options) {
  SPINE_TRY_STATUS(make_private_directories(options.file.parent_path()));
  SPINE_TRY_STATUS(make_private_file(options.file));
  // spdlog opens by name, also after each rotation: the file is made private just before.
  spdlog::file_event_handlers handlers;
  handlers.before_open = [](const spdlog::filename_t& name) {
    [[maybe_unused]] const Status made = make_private_file(name);  // fopen reports what is wrong
  };
  handlers.after_open = [](const spdlog::filename_t&, std::FILE* file) {
    ::fcntl(::fileno(file), F_SETFD, FD_CLOEXEC);
  };
  try {
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        options.file.string(), std::max<std::uint64_t>(options.bytes_max, 1), options.files_kept,
        false, handlers);
    sink->set_formatter(std::make_unique<LineFormat>(options.format));
    return SinkPtr{std::move(sink)};
  } catch (const std::exception& failure) {
    return Error{Errc::io, fmt::format("Cannot write the log file {}: {}.", options.file.string(),
                                       failure.what())};
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
    out.leave_out_secrets(message);
    sinks = out.sinks;
  }
  message = printable(message);
  try {
    sinks->log(spdlog::details::log_msg{spdlog::string_view_t{subsystem.data(), subsystem.size()},
                                        static_cast<spdlog::level::level_enum>(at_level),
                                        spdlog::string_view_t{message.data(), message.size()}});
    sinks->flush();
  } catch (const std::exception&) {  // a full disk: there is nowhere to say so
  }
}

}  // namespace detail

Status init(const LogOptions& options) {
  std::vector<SinkPtr> sinks;
  // stderr first: it must not miss a line because the file's disk is full.
  if (options.to_stderr) sinks.push_back(make_stderr_sink(options.format));
  if (!options.file.empty()) {
    SPINE_TRY(SinkPtr file, make_file_sink(options));
    sinks.push_back(std::move(file));
  }
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
  if (std::ranges::find(out.secrets, secret) == out.secrets.end()) {
    out.secrets.push_back(std::move(secret));
  }
}

std::string redacted(std::string text) {
  Outlet& out = outlet();
  const std::scoped_lock lock(out.mutex);
  out.leave_out_secrets(text);
  return text;
}

}  // namespace spine::log
