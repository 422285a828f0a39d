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

#include "adapters/agents/process/find_program.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

constexpr std::size_t kBeginningBytes = 4'096;  // the kernel reads 256 of a "#!" line
constexpr std::array<std::string_view, 17> kEndingsOfScripts{
    ".js", ".mjs", ".cjs", ".ts",  ".mts", ".cts",  ".py",  ".pyz", ".rb",
    ".pl", ".sh",  ".lua", ".php", ".jar", ".bash", ".zsh", ".exs"};

std::string beginning_of(const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return "";
  std::string text(kBeginningBytes, '\0');
  const ssize_t got = ::pread(fd.get(), text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

// Takes the next word, without the blanks around it.
std::string_view take_word(std::string_view& text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && !blank(text[end]))
    ++end;
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

std::string of_script(std::string_view text, std::string_view path) {
  text.remove_prefix(2);
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  const std::string program(take_word(text));
  if (std::filesystem::path(program).filename() != "env") return program;
  std::string_view name = take_word(text);
  // Options of env, and variables it sets.
  while (name.starts_with('-') || name.find('=') != std::string_view::npos)
    name = take_word(text);
  return find_program(name, path, "/");
}

std::string of_elf(const std::string& text) {
  Elf64_Ehdr header;
  if (text.size() < sizeof header) return "";
  std::memcpy(&header, text.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) return "";
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const std::size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
    if (header.e_phoff > text.size() || at + sizeof(Elf64_Phdr) > text.size()) return "";
    Elf64_Phdr part;
    std::memcpy(&part, text.data() + at, sizeof part);
    if (part.p_type != PT_INTERP) continue;
    if (part.p_offset >= text.size() || part.p_filesz > text.size() - part.p_offset) return "";
    const std::string name = text.substr(part.p_offset, part.p_filesz);
    return name.substr(0, name.find('\0'));
  }
  return "";
}

}  // namespace

std::string interpreter_of(const std::string& program, std::string_view path) {
  const std::string text = beginning_of(program);
  if (text.starts_with("#!")) return of_script(text, path);
  if (text.starts_with(ELFMAG)) return of_elf(text);
  return "";
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
  const std::string text = beginning_of(file);
  return text.starts_with("#!") || text.starts_with(ELFMAG);
}

}  // namespace spine::agents
