// SnapshotStore: snapshot files of the state, each complete or absent.
//
//   <state-dir>/snapshots/<seq, 20 digits>.snapshot = SnapshotHeader | payload
// Written to a temporary name, fsynced, renamed, directory fsynced.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "journal/block.h"
#include "journal/reader.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

struct LoadedSnapshot {
  Seq seq{};                           // state after this event
  Digest256 block{};                   // SHA-256 of the block that holds it
  std::vector<std::uint64_t> words{};  // 8-aligned storage of the payload
  std::size_t bytes{};
  ByteSpan payload() const { return {reinterpret_cast<const std::byte*>(words.data()), bytes}; }
};

// What a snapshot was made of, by its header alone.
struct SnapshotOrigin {
  Bits128 epoch{};
  std::optional<Digest256> block{};  // as in LoadedSnapshot; other versions may have none
};

// Which of `present`, ascending, go when more than limits::kSnapshotsKept are there: one after the
// other the one whose neighbours are closest together, so that what stays is spread evenly over the
// journal (whose start counts as a neighbour). The last limits::kSnapshotsNewestKept always stay:
// the next start needs one of them, and each may turn out damaged.
std::vector<Seq> thinned_out(std::vector<Seq> present);

// Thread: one at a time (follower while the daemon runs).
class SnapshotStore {
 public:
  // Creates the directory (0700) if it is not there, and deletes what interrupted writes left.
  // REQUIRES: nobody writes into it meanwhile.
  static Result<SnapshotStore> open(const std::filesystem::path& dir);

  // Read-only, for anybody at any time: creates and deletes nothing.
  static SnapshotStore look_at(const std::filesystem::path& dir) { return SnapshotStore(dir); }

  // `block` is the SHA-256 of the block that holds `seq`: it binds the state to one history.
  // Errc::no_space and Errc::io leave no file under the final name. Deletes those
  // that thinned_out() names.
  Status write(Seq seq, Bits128 epoch, ByteSpan payload, const Digest256& block);
  // Seqs of the files present, ascending, unchecked.
  std::vector<Seq> list() const;
  // Reads and checks one (magic, version, epoch, length, CRC). Errc::corrupt names the file.
  Result<LoadedSnapshot> load(Seq seq, Bits128 epoch) const;
  // The same of one that must be of the journal being read: the block that holds `seq` there is the
  // one it was made of. Errc::not_found beyond the journal's end. REQUIRES: the reader was renewed.
  Result<LoadedSnapshot> load_of(Seq seq, Reader& reader) const;
  // Reads the header of any version; only its first bytes are checked.
  Result<SnapshotOrigin> origin_of(Seq seq) const;
  std::filesystem::path path_of(Seq seq) const;
  // Does nothing when it is not there.
  Status remove(Seq seq) const;
  // Renames it to <name>.lost: it is no longer listed, and kept for people to look at, as are the
  // last limits::kLostSnapshotsKept of them. Durable when it returns.
  Status set_aside(Seq seq) const;

 private:
  std::vector<Seq> list(std::string_view suffix) const;
  explicit SnapshotStore(std::filesystem::path dir) : dir_(std::move(dir)) {}
  std::filesystem::path dir_;
};

}  // namespace spine::journal
