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
  auto input = InputFile::open(dir / "mark");
  if (!input || input->bytes() != sizeof(file) ||
      !input->read(std::as_writable_bytes(std::span(&file, 1)))) {
    return std::nullopt;
  }
  if (file.magic != kMagic || file.format != kIndexFormat) return std::nullopt;
  if (file.crc32c != checksum(file)) return std::nullopt;
  return IndexMark{.epoch = {.hi = file.epoch_hi, .lo = file.epoch_lo},
                   .boot_id = {.hi = file.boot_hi, .lo = file.boot_lo},
                   .clean = file.clean == 1};
}

Status write_mark(const std::filesystem::path& dir, const IndexMark& mark) {
  MarkFile file{.magic = kMagic,
                .format = kIndexFormat,
                .epoch_hi = mark.epoch.hi,
                .epoch_lo = mark.epoch.lo,
                .boot_hi = mark.boot_id.hi,
                .boot_lo = mark.boot_id.lo,
                .clean = mark.clean ? 1U : 0U};
  file.crc32c = checksum(file);
  return replace_file(dir / "mark", {std::as_bytes(std::span(&file, 1))});
}

}  // namespace spine::journal
