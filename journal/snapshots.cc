// Writing, listing and loading snapshot files.
#include "journal/snapshots.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <system_error>

#include "journal/crc32c.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kSnapshotMagic = 0x4E534253;  // "SBSN"
// Version 1 named no block.
constexpr std::uint16_t kSnapshotVersion = 2;
constexpr std::string_view kSuffix = ".snapshot";
constexpr std::string_view kPartialSuffix = ".snapshot.partial";
constexpr std::string_view kLostSuffix = ".snapshot.lost";
constexpr std::size_t kSeqDigits = 20;

// Starts the file; the payload follows. crc32c covers header and payload with itself as zero. What
// stands before `block` is the same in every version.
struct SnapshotHeader {
  std::uint32_t magic{};
  std::uint16_t version{};
  std::uint16_t flags{};  // zero
  std::uint32_t crc32c{};
  std::uint32_t reserved{};  // zero
  std::uint64_t seq{};
  std::uint64_t epoch_hi{};
  std::uint64_t epoch_lo{};
  std::uint64_t payload_bytes{};
  Digest256 block{};
};
static_assert(sizeof(SnapshotHeader) == 80);
constexpr std::size_t kCommonBytes = offsetof(SnapshotHeader, block);

std::uint32_t checksum(SnapshotHeader header, ByteSpan payload) {
  header.crc32c = 0;
  return crc32c_extend(crc32c(std::as_bytes(std::span(&header, 1))), payload);
}

Error corrupt(const fs::path& path, std::string_view what) {
  return Error{Errc::corrupt, fmt::format("The snapshot {} is not usable: {}. It may be deleted: "
                                          "the journal holds everything.",
                                          path.string(), what)};
}

Status check_header(const SnapshotHeader& header, const fs::path& path, Seq seq, Bits128 epoch) {
  if (header.magic != kSnapshotMagic) return corrupt(path, "it does not start like a snapshot");
  if (header.version > kSnapshotVersion) {
    return Error{Errc::newer_format,
                 fmt::format("The snapshot {} has format {}, this program understands up to {}.",
                             path.string(), header.version, kSnapshotVersion)};
  }
  if (header.version < kSnapshotVersion || header.flags != 0) {
    return corrupt(path, "its format is an old one, or unknown");
  }
  if (header.seq != seq.value) return corrupt(path, "its name and its content disagree");
  if (Bits128{.hi = header.epoch_hi, .lo = header.epoch_lo} != epoch) {
    return corrupt(path, "it belongs to another journal (the epochs differ)");
  }
  return ok();
}

}  // namespace

std::vector<Seq> thinned_out(std::vector<Seq> present) {
  std::vector<Seq> gone;
  while (present.size() > limits::kSnapshotsKept) {
    const std::size_t candidates = present.size() - limits::kSnapshotsNewestKept;
    std::size_t closest = 0;
    std::uint64_t least = UINT64_MAX;
    for (std::size_t i = 0; i < candidates; ++i) {
      const std::uint64_t before = i == 0 ? 0 : present[i - 1].value;
      const std::uint64_t apart = present[i + 1].value - before;
      if (apart >= least) continue;
      least = apart;
      closest = i;
    }
    gone.push_back(present[closest]);
    present.erase(present.begin() + static_cast<std::ptrdiff_t>(closest));
  }
  return gone;
}

Result<SnapshotStore> SnapshotStore::open(const fs::path& dir) {
  SPINE_TRY_STATUS(make_private_directories(dir));
  std::vector<fs::path> partial;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().ends_with(kPartialSuffix)) partial.push_back(it->path());
  }
  for (const fs::path& path : partial)
    fs::remove(path, error);
  return SnapshotStore(dir);
}

Status SnapshotStore::write(Seq seq, Bits128 epoch, ByteSpan payload, const Digest256& block) {
  SnapshotHeader header{.magic = kSnapshotMagic,
                        .version = kSnapshotVersion,
                        .seq = seq.value,
                        .epoch_hi = epoch.hi,
                        .epoch_lo = epoch.lo,
                        .payload_bytes = payload.size(),
                        .block = block};
  header.crc32c = checksum(header, payload);
  SPINE_TRY_STATUS(replace_file(path_of(seq), {std::as_bytes(std::span(&header, 1)), payload}));

  // The new one is durable: only now may older ones go.
  std::error_code error;
  for (const Seq gone : thinned_out(list()))
    fs::remove(path_of(gone), error);
  return ok();
}

std::vector<Seq> SnapshotStore::list() const {
  return list(kSuffix);
}

std::vector<Seq> SnapshotStore::list(std::string_view suffix) const {
  std::vector<Seq> seqs;
  std::error_code error;
  for (fs::directory_iterator it(dir_, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.size() != kSeqDigits + suffix.size() || !name.ends_with(suffix)) continue;
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + kSeqDigits, value);
    if (parsed.ec == std::errc{} && parsed.ptr == name.data() + kSeqDigits) {
      seqs.push_back(Seq{value});
    }
  }
  std::sort(seqs.begin(), seqs.end());
  return seqs;
}

Result<LoadedSnapshot> SnapshotStore::load(Seq seq, Bits128 epoch) const {
  const fs::path path = path_of(seq);
  SPINE_TRY(InputFile file, InputFile::open(path));
  SnapshotHeader header;
  const MutableByteSpan head = std::as_writable_bytes(std::span(&header, 1));
  if (file.bytes() < kCommonBytes) return corrupt(path, "it is cut short");
  SPINE_TRY_STATUS(file.read(head.first(kCommonBytes)));
  SPINE_TRY_STATUS(check_header(header, path, seq, epoch));
  if (file.bytes() < sizeof(header)) return corrupt(path, "it is cut short");
  SPINE_TRY_STATUS(file.read(head.subspan(kCommonBytes)));
  // Checked before the payload is allocated: a damaged length may be huge.
  if (header.payload_bytes != file.bytes() - sizeof(header)) {
    return corrupt(path, "its length is not what it says");
  }
  LoadedSnapshot loaded;
  loaded.seq = seq;
  loaded.block = header.block;
  loaded.bytes = header.payload_bytes;
  loaded.words.resize(align8(loaded.bytes) / 8);
  SPINE_TRY_STATUS(file.read(std::as_writable_bytes(std::span(loaded.words)).first(loaded.bytes)));
  if (checksum(header, loaded.payload()) != header.crc32c) {
    return corrupt(path, "its checksum is wrong");
  }
  return loaded;
}

Result<LoadedSnapshot> SnapshotStore::load_of(Seq seq, Reader& reader) const {
  SPINE_TRY(LoadedSnapshot loaded, load(seq, reader.epoch()));
  SPINE_TRY(const BlockView block, reader.block_of(seq));
  if (block.sha256() == loaded.block) return loaded;
  return Error{Errc::corrupt, "the journal has another history up to it"};
}

Result<SnapshotOrigin> SnapshotStore::origin_of(Seq seq) const {
  const fs::path path = path_of(seq);
  SPINE_TRY(InputFile file, InputFile::open(path));
  SnapshotHeader header;
  const MutableByteSpan head = std::as_writable_bytes(std::span(&header, 1));
  SPINE_TRY_STATUS(file.read(head.first(kCommonBytes)));
  if (header.magic != kSnapshotMagic) return corrupt(path, "it does not start like a snapshot");
  SnapshotOrigin origin{.epoch = {.hi = header.epoch_hi, .lo = header.epoch_lo}};
  if (header.version != kSnapshotVersion) return origin;
  SPINE_TRY_STATUS(file.read(head.subspan(kCommonBytes)));
  origin.block = header.block;
  return origin;
}

fs::path SnapshotStore::path_of(Seq seq) const {
  return dir_ / fmt::format("{:020}{}", seq.value, kSuffix);
}

Status SnapshotStore::remove(Seq seq) const {
  const fs::path path = path_of(seq);
  std::error_code error;
  fs::remove(path, error);
  if (!error) return ok();
  return Error{Errc::io, fmt::format("The snapshot {} cannot be deleted: {}.", path.string(),
                                     error.message())};
}

Status SnapshotStore::set_aside(Seq seq) const {
  const fs::path path = path_of(seq);
  const auto lost_path = [this](Seq lost) {
    return dir_ / fmt::format("{:020}{}", lost.value, kLostSuffix);
  };
  std::error_code error;
  fs::rename(path, lost_path(seq), error);
  if (error) {
    return Error{Errc::io, fmt::format("The snapshot {} cannot be renamed: {}.", path.string(),
                                       error.message())};
  }
  const std::vector<Seq> lost = list(kLostSuffix);
  for (std::size_t i = 0; i + limits::kLostSnapshotsKept < lost.size(); ++i)
    if (lost[i] != seq) fs::remove(lost_path(lost[i]), error);
  return sync_dir(dir_);
}

}  // namespace spine::journal
