// Searches a PATH as execvp does, follows symbolic links, and reads the first bytes of files.
#include "adapters/agents/process/program.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

bool is_program(const fs::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 0111U) != 0;
}

constexpr std::size_t kLineBytesMax = 256;  // of a "#!" line the kernel reads
constexpr std::array<std::string_view, 17> kEndingsOfScripts{
    ".js", ".mjs", ".cjs", ".ts",  ".mts", ".cts",  ".py",  ".pyz", ".rb",
    ".pl", ".sh",  ".lua", ".php", ".jar", ".bash", ".zsh", ".exs"};

// `count` bytes of a regular file, fewer at its end. Anything else (a pipe, a device) is not read.
std::string bytes_at(const std::string& path, off_t at, std::size_t count) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  std::string bytes(count, '\0');
  const ssize_t got = ::pread(file.get(), bytes.data(), count, at);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const std::size_t start = std::min(line.find_first_not_of(" \t\r"), line.size());
    line.remove_prefix(start);
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    if (end != 0) words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// The loader that a 64-bit binary names; "" = it names none, or is none.
std::string loader_of(const std::string& program) {
  Elf64_Ehdr header{};
  const std::string head = bytes_at(program, 0, sizeof header);
  if (head.size() != sizeof header || !head.starts_with(ELFMAG)) return {};
  std::memcpy(&header, head.data(), sizeof header);
  constexpr std::size_t kHeadersMax = 64;
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) return {};
  const std::size_t count = std::min<std::size_t>(header.e_phnum, kHeadersMax);
  const std::string table =
      bytes_at(program, static_cast<off_t>(header.e_phoff), count * sizeof(Elf64_Phdr));
  for (std::size_t at = 0; at + sizeof(Elf64_Phdr) <= table.size(); at += sizeof(Elf64_Phdr)) {
    Elf64_Phdr entry{};
    std::memcpy(&entry, table.data() + at, sizeof entry);
    if (entry.p_type != PT_INTERP) continue;
    constexpr std::size_t kPathMax = 4'096;
    const std::string path = bytes_at(program, static_cast<off_t>(entry.p_offset),
                                      std::min<std::size_t>(entry.p_filesz, kPathMax));
    return path.substr(0, path.find('\0'));
  }
  return {};
}

bool is_seen_whole(const std::string& path, const IsSeen& is_seen) {
  const std::vector<std::string> chain = link_chain(path);
  return std::ranges::all_of(chain, is_seen);
}

// Why an interpreter or loader cannot be run; "" = it can.
std::string why_not(const std::string& path, const IsSeen& is_seen) {
  struct stat info {};
  const bool there = ::lstat(path.c_str(), &info) == 0;
  if (!there) return "is not there";
  if (!is_program(path)) return why_no_program(path);
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
    if (!is_program(found)) continue;
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

std::vector<std::string> path_entries(std::string_view path) {
  std::vector<std::string> entries;
  while (!path.empty()) {
    const std::string_view entry = take_part(path, ':');
    if (entry.starts_with('/')) entries.emplace_back(entry);
  }
  return entries;
}

std::string find_program(std::string_view name, std::string_view path, std::string_view cwd) {
  if (name.empty()) return "";
  if (name.find('/') != std::string_view::npos) {
    const fs::path whole = (fs::path(cwd) / name).lexically_normal();
    return is_program(whole) ? whole.string() : "";
  }
  for (const std::string& entry : path_entries(path)) {
    const fs::path whole = fs::path(entry) / name;
    if (is_program(whole)) return whole.string();
  }
  return "";
}

std::vector<std::string> link_chain(const std::string& program) {
  std::vector<std::string> chain;
  fs::path at = program;
  for (std::uint32_t hop = 0; hop < limits::kAgentLinkHopsMax; ++hop) {
    std::error_code failed;
    const fs::path folder = fs::canonical(at.parent_path(), failed);
    if (failed) break;
    const fs::path here = folder / at.filename();
    chain.push_back(here.string());
    const fs::path target = fs::read_symlink(here, failed);
    if (failed) break;  // the file itself
    at = folder / target;
  }
  return chain;
}

std::string_view value_in(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string& entry : env) {
    const std::string_view text(entry);
    if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=') {
      return text.substr(name.size() + 1);
    }
  }
  return {};
}

std::string Interpreter::searched() const {
  if (script.empty() || std::filesystem::path(script[0]).filename() != "env") return {};
  for (std::size_t i = 1; i < script.size(); ++i) {
    if (!script[i].starts_with('-') && script[i].find('=') == std::string::npos) return script[i];
  }
  return {};
}

Interpreter read_interpreter(const std::string& program) {
  Interpreter interpreter;
  const std::string head = bytes_at(program, 0, kLineBytesMax);
  if (!head.starts_with("#!")) {
    interpreter.loader = loader_of(program);
    return interpreter;
  }
  const std::string_view line = std::string_view(head).substr(2, head.find('\n') - 2);
  interpreter.windows_lines = line.ends_with('\r');
  interpreter.script = words_of(line);
  return interpreter;
}

std::string interpreter_of(const std::string& program, std::string_view path) {
  const Interpreter interpreter = read_interpreter(program);
  if (interpreter.script.empty()) return interpreter.loader;
  const std::string name = interpreter.searched();
  return name.empty() ? interpreter.script[0] : find_program(name, path, "/");
}

bool is_program_text(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if ((info.st_mode & 0111U) != 0) return true;
  const std::string ending = std::filesystem::path(file).extension().string();
  if (std::ranges::find(kEndingsOfScripts, ending) != kEndingsOfScripts.end()) return true;
  const std::string text = bytes_at(file, 0, SELFMAG);
  return text.starts_with("#!") || text.starts_with(ELFMAG);
}

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
