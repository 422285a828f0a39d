// Beginnings of files: "#!" lines, and the headers of ELF.
#include "adapters/agents/process/interpreter.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "adapters/agents/process/find_program.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

constexpr std::size_t kLineBytesMax = 256;  // of a "#!" line the kernel reads
constexpr std::array<std::string_view, 17> kEndingsOfScripts{
    ".js", ".mjs", ".cjs", ".ts",  ".mts", ".cts",  ".py",  ".pyz", ".rb",
    ".pl", ".sh",  ".lua", ".php", ".jar", ".bash", ".zsh", ".exs"};

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

}  // namespace

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
  if (std::find(kEndingsOfScripts.begin(), kEndingsOfScripts.end(), ending) !=
      kEndingsOfScripts.end()) {
    return true;
  }
  const std::string text = bytes_at(file, 0, SELFMAG);
  return text.starts_with("#!") || text.starts_with(ELFMAG);
}

}  // namespace spine::agents
