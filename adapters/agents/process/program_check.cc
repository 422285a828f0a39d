// Reads the first bytes of a file as the kernel does before it starts it.
#include "adapters/agents/process/program_check.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "adapters/agents/process/find_program.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

// Of a regular file; shorter where it ends. What is put in its place (a pipe, a device) is not
// read.
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

// What `#!/usr/bin/env -S NAME=value node --flag` looks for.
std::string searched_by_env(const std::vector<std::string>& words) {
  if (words.empty() || fs::path(words[0]).filename() != "env") return {};
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (!words[i].starts_with('-') && words[i].find('=') == std::string::npos) return words[i];
  }
  return {};
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

Status check_script(const std::string& program, const std::vector<std::string>& words,
                    std::string_view path, const IsSeen& is_seen) {
  if (words.empty()) return ok();
  if (const std::string why = why_not(words[0], is_seen); !why.empty()) {
    return missing(program, "the interpreter that its first line names,", words[0], why + ":",
                   "install it, or correct that line.");
  }
  const std::string name = searched_by_env(words);
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
  constexpr std::size_t kLineBytesMax = 256;  // as the kernel reads
  const std::string head = bytes_at(program, 0, kLineBytesMax);
  if (head.starts_with("#!")) {
    const std::string_view line = std::string_view(head).substr(2, head.find('\n') - 2);
    if (line.ends_with('\r')) {
      return Error{
          Errc::not_found,
          fmt::format("{0} is there, but its lines end as on Windows, so that its interpreter "
                      "is not found. Run: sed -i 's/\\r$//' {0}",
                      printable(program))};
    }
    return check_script(program, words_of(line), path, is_seen);
  }
  const std::string loader = loader_of(program);
  if (loader.empty()) return ok();
  const std::string why = why_not(loader, is_seen);
  if (why.empty()) return ok();
  return missing(program, "the loader it was built for,", loader, why + ":",
                 "it is a program of another system. Install the one for this machine.");
}

}  // namespace spine::agents
