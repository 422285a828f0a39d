// Comparing the ends of snapshots and of the index with the journal's.
#include "journal/ahead.h"

#include <fmt/format.h>
#include <utility>

#include "journal/index.h"
#include "journal/snapshots.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

bool is_of_other_block(const SnapshotStore& store, Seq seq, Reader& reader) {
  const auto origin = store.origin_of(seq);
  const auto block = reader.block_of(seq);
  if (!origin || !origin->block || !block || block->sha256() == *origin->block) return false;
  // The header alone may be damaged: load() checks the CRC of the whole file.
  const auto loaded = store.load(seq, reader.epoch());
  return loaded && loaded->block != block->sha256();
}

bool is_of_other_block(const IndexExtent& extent, Reader& reader) {
  const auto block = reader.block_of(extent.applied);
  return extent.last_block && block && !extent.last_block->is_of(block->header());
}

}  // namespace

Result<std::vector<AheadFile>> find_ahead(const fs::path& state_dir, Bits128 boot, Reader& reader) {
  const SnapshotStore store = SnapshotStore::look_at(state_dir / "snapshots");
  const std::vector<Seq> snapshots = store.list();
  const fs::path index_dir = state_dir / "index";
  const auto index = Index::extent_of(index_dir, reader.epoch(), boot);
  SPINE_TRY_STATUS(reader.renew());
  std::vector<AheadFile> ahead;
  const auto consider = [&](AheadFile file, auto is_other) {
    file.other_history = file.seq <= reader.last() && is_other();
    if (file.seq > reader.last() || file.other_history) ahead.push_back(std::move(file));
  };
  for (const Seq seq : snapshots) {
    const auto origin = store.origin_of(seq);
    if (!origin || origin->epoch != reader.epoch()) continue;
    consider({.path = store.path_of(seq), .seq = seq},
             [&] { return is_of_other_block(store, seq, reader); });
  }
  if (index) {
    consider({.path = index_dir, .seq = index->applied, .is_index = true},
             [&] { return is_of_other_block(*index, reader); });
  }
  return ahead;
}

std::string ahead_text(const AheadFile& file) {
  return fmt::format("the {} {} was made {} event {}{}", file.is_index ? "index" : "snapshot",
                     file.path.string(), file.is_index ? "up to" : "at", file.seq.value,
                     file.other_history ? " of another history of this journal" : "");
}

std::string ahead_text(const std::vector<AheadFile>& files, Seq journal_last) {
  std::string text = fmt::format("The journal ends at event {}, but ", journal_last.value);
  for (std::size_t i = 0; i < files.size(); ++i)
    text += (i == 0 ? "" : "; ") + ahead_text(files[i]);
  return text + ". A commit was lost, or the journal is an older copy than what lies beside it.";
}

}  // namespace spine::journal
