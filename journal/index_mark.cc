// Reading and writing the index's mark.
#include "journal/index_mark.h"

#include "journal/crc32c.h"
#include "journal/files.h"
#include "schemas/vocab/bytes.h"

namespace spine::journal {
namespace {

constexpr std::uint32_t kMagic = 0x4B4D4953;  // "SIMK"
// Of the mark and of everything in the index: another one means rebuild.
constexpr std::uint32_t kIndexFormat = 1;

struct MarkFile {
  std::uint32_t magic{};
  std::uint32_t format{};
  std::uint64_t epoch_hi{};
  std::uint64_t epoch_lo{};
  std::uint64_t boot_hi{};
  std::uint64_t boot_lo{};
  std::uint32_t clean{};
  std::uint32_t crc32c{};  // of what stands before it
};
static_assert(sizeof(MarkFile) == 48);

std::uint32_t checksum(const MarkFile& file) {
  return crc32c(std::as_bytes(std::span(&file, 1)).first(offsetof(MarkFile, crc32c)));
}

}  // namespace

std::optional<IndexMark> read_mark(const std::filesystem::path& dir) {
  MarkFile file;
  const auto read = read_file_exactly(dir / "mark", std::as_writable_bytes(std::span(&file, 1)));
  if (!read || file.magic != kMagic || file.format != kIndexFormat) return std::nullopt;
  if (file.crc32c != checksum(file)) return std::nullopt;
  return IndexMark{.epoch = {.hi = file.epoch_hi, .lo = file.epoch_lo},
                   .boot_id = {.hi = file.boot_hi, .lo = file.boot_lo},
                   .clean = file.clean == 1};
}

Status write_mark(const std::filesystem::path& dir, const IndexMark& mark) {
  MarkFile file;
  file.magic = kMagic;
  file.format = kIndexFormat;
  file.epoch_hi = mark.epoch.hi;
  file.epoch_lo = mark.epoch.lo;
  file.boot_hi = mark.boot_id.hi;
  file.boot_lo = mark.boot_id.lo;
  file.clean = mark.clean ? 1 : 0;
  file.crc32c = checksum(file);
  return replace_file(dir / "mark", {std::as_bytes(std::span(&file, 1))});
}

}  // namespace spine::journal
