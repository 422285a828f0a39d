// Why a program cannot be run, told before it is tried.
#include "adapters/agents/process/program_check.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <vector>

#include "adapters/agents/process/find_program.h"
#include "adapters/agents/process/interpreter.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

bool is_runnable(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 0111U) != 0;
}

bool is_seen_whole(const std::string& path, const IsSeen& is_seen) {
  const std::vector<std::string> chain = link_chain(path);
  return std::ranges::all_of(chain, is_seen);
}

// Why what a program needs cannot be run; "" = it can.
std::string why_not(const std::string& path, const IsSeen& is_seen) {
  struct stat info {};
  const bool there = ::lstat(path.c_str(), &info) == 0;
  if (!there) return "is not there";
  if (!is_runnable(path)) return why_no_program(path);
  return is_seen_whole(path, is_seen) ? "" : "is not seen in its sandbox";
}

Error missing(const std::string& program, std::string_view what, const std::string& path,
              std::string_view why, std::string_view remedy) {
  return {Errc::not_found, fmt::format("{} is there, but {} {} {} {}", printable(program), what,
                                       printable(path), why, remedy)};
}

Status check_script(const std::string& program, const Interpreter& interpreter,
                    std::string_view path, const IsSeen& is_seen) {
  const std::string& named = interpreter.script[0];
  if (const std::string why = why_not(named, is_seen); !why.empty()) {
    return missing(program, "the interpreter that its first line names,", named, why + ":",
                   "install it, or correct that line.");
  }
  const std::string name = interpreter.searched();
  if (name.empty() || name.find('/') != std::string::npos) return ok();
  std::string hidden;
  for (const std::string& entry : path_entries(path)) {
    const std::string found = (fs::path(entry) / name).string();
    if (!is_runnable(found)) continue;
    if (is_seen_whole(found, is_seen)) return ok();
    hidden = found;
  }
  if (!hidden.empty()) {
    return missing(program, "its interpreter", hidden, "is not seen in its sandbox.",
                   "Install it elsewhere, or add its folder to spine.sandbox.read.");
  }
  return missing(program, "its interpreter", name,
                 fmt::format("is not on the agent's PATH ({}).", printable(path)),
                 "Install it, or put its folder into spine.env.PATH.");
}

}  // namespace

std::string why_no_program(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (S_ISLNK(info.st_mode) && ::stat(path.c_str(), &info) != 0) {
    std::error_code failed;
    const std::string target = fs::read_symlink(path, failed).string();
    return fmt::format("is a link to {}, which is not there", printable(target));
  }
  if (S_ISDIR(info.st_mode)) return "is a folder";
  if (!S_ISREG(info.st_mode)) return "is no file";
  if ((info.st_mode & 0111U) != 0) return {};
  return fmt::format("is not executable; run: chmod +x {}", printable(path));
}

std::string why_none_found(std::string_view name, std::string_view path, std::string_view cwd) {
  if (name.empty()) return {};
  const auto look = [](const fs::path& whole) {
    const std::string why = why_no_program(whole.string());
    return why.empty() ? why : fmt::format("{} {}", printable(whole.string()), why);
  };
  if (name.find('/') != std::string_view::npos) {
    return look((fs::path(cwd) / name).lexically_normal());
  }
  for (const std::string& entry : path_entries(path)) {
    std::string why = look(fs::path(entry) / name);
    if (!why.empty()) return why;
  }
  return {};
}

Status check_interpreter(const std::string& program, std::string_view path, const IsSeen& is_seen) {
  const Interpreter interpreter = read_interpreter(program);
  if (interpreter.windows_lines) {
    return Error{
        Errc::not_found,
        fmt::format("{0} is there, but its lines end as on Windows, so that its interpreter "
                    "is not found. Run: sed -i 's/\\r$//' {0}",
                    printable(program))};
  }
  if (!interpreter.script.empty()) return check_script(program, interpreter, path, is_seen);
  if (interpreter.loader.empty()) return ok();
  const std::string why = why_not(interpreter.loader, is_seen);
  if (why.empty()) return ok();
  return missing(program, "the loader it was built for,", interpreter.loader, why + ":",
                 "it is a program of another system. Install the one for this machine.");
}

}  // namespace spine::agents
