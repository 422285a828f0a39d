// Packed lists of blocks.
#include "journal/postings.h"

#include <algorithm>
#include <array>
#include <limits>

#include "journal/crc32c.h"

namespace spine::journal {
namespace {

// Small enough to stay inside a page of LMDB, large enough for hundreds of entries.
constexpr std::size_t kPieceBytes = 512;
constexpr std::size_t kVarintBytesMax = 10;
constexpr std::size_t kChecksumBytes = sizeof(std::uint32_t);
constexpr Seq kEnd{std::numeric_limits<std::uint64_t>::max()};

using Key = std::array<std::byte, 16>;
using Piece = std::array<std::byte, kPieceBytes>;

void store_big_endian(std::byte* to, std::uint64_t value) {
  store(to, __builtin_bswap64(value));
}

std::uint64_t load_big_endian(const std::byte* from) {
  return __builtin_bswap64(load<std::uint64_t>(from));
}

Key key_of(std::uint64_t id, Seq first) {
  Key key{};
  store_big_endian(key.data(), id);
  store_big_endian(key.data() + 8, first.value);
  return key;
}

std::uint32_t checksum(ByteSpan key, ByteSpan differences) {
  return crc32c_extend(crc32c(key), differences);
}

// The differences of a piece, without their checksum.
ByteSpan differences_of(const Entry& entry) {
  return entry.value.first(entry.value.size() - kChecksumBytes);
}

// Appends the blocks of a piece, ascending; false when the bytes are not a piece.
bool decode(const Entry& entry, std::vector<Seq>& blocks) {
  if (entry.key.size() != sizeof(Key) || entry.value.size() < kChecksumBytes) return false;
  const ByteSpan differences = differences_of(entry);
  if (load<std::uint32_t>(differences.data() + differences.size()) !=
      checksum(entry.key, differences)) {
    return false;
  }
  std::uint64_t block = load_big_endian(entry.key.data() + 8);
  blocks.push_back(Seq{block});
  std::uint64_t difference = 0;
  unsigned shift = 0;
  for (const std::byte byte : differences) {
    difference |= std::to_integer<std::uint64_t>(byte & std::byte{0x7F}) << shift;
    shift += 7;
    if ((byte & std::byte{0x80}) != std::byte{0}) {
      if (shift >= 64) return false;
      continue;
    }
    block += difference;
    blocks.push_back(Seq{block});
    difference = 0;
    shift = 0;
  }
  return shift == 0;
}

Error not_a_piece() {
  return Error{Errc::corrupt, "The index is damaged: delete its directory, it is rebuilt."};
}

// A piece under construction.
class Writer {
 public:
  void start(std::uint64_t id, Seq first) {
    key_ = key_of(id, first);
    last_ = first;
    bytes_ = 0;
  }

  void resume(const Entry& entry, Seq last) {
    const ByteSpan differences = differences_of(entry);
    std::copy(entry.key.begin(), entry.key.end(), key_.begin());
    std::copy(differences.begin(), differences.end(), piece_.begin());
    bytes_ = differences.size();
    last_ = last;
  }

  bool full() const { return bytes_ + kVarintBytesMax + kChecksumBytes > kPieceBytes; }

  void append(Seq block) {
    std::uint64_t difference = block.value - last_.value;
    while (difference >= 0x80) {
      piece_[bytes_++] = static_cast<std::byte>(difference | 0x80U);
      difference >>= 7;
    }
    piece_[bytes_++] = static_cast<std::byte>(difference);
    last_ = block;
  }

  Status put(Cursor& cursor) {
    store(piece_.data() + bytes_, checksum(key_, ByteSpan(piece_).first(bytes_)));
    return cursor.put(key_, ByteSpan(piece_).first(bytes_ + kChecksumBytes));
  }

 private:
  Key key_{};
  Piece piece_{};
  std::size_t bytes_{};
  Seq last_{};
};

bool is_of(const Entry& entry, std::uint64_t id) {
  return entry.key.size() == sizeof(Key) && load_big_endian(entry.key.data()) == id;
}

// The last entry whose key is at most (id, to) and belongs to the id. False when there is none.
Result<bool> last_piece(Cursor& cursor, std::uint64_t id, Seq to, Entry& entry) {
  const Key wanted = key_of(id, to);
  SPINE_TRY(const bool after, cursor.at_or_after(wanted, entry));
  if (after && std::ranges::equal(entry.key, wanted)) return true;
  SPINE_TRY(const bool found, cursor.move(after ? Move::previous : Move::last, entry));
  return found && is_of(entry, id);
}

// Writes the postings of one id, continuing its last piece when there is room.
Status add_list(Cursor& cursor, std::span<const Posting> list, std::vector<Seq>& scratch) {
  const std::uint64_t id = list.front().id;
  Writer writer;
  Entry entry;
  SPINE_TRY(const bool found, last_piece(cursor, id, kEnd, entry));
  bool started = false;
  if (found && entry.value.size() + kVarintBytesMax <= kPieceBytes) {
    scratch.clear();
    if (!decode(entry, scratch)) return not_a_piece();
    writer.resume(entry, scratch.back());
    started = true;
  }
  for (const Posting& posting : list) {
    if (started && !writer.full()) {
      writer.append(posting.block);
      continue;
    }
    if (started) SPINE_TRY_STATUS(writer.put(cursor));
    writer.start(id, posting.block);
    started = true;
  }
  return writer.put(cursor);
}

}  // namespace

Status Postings::open(Transaction& transaction) {
  SPINE_TRY(database_, transaction.named_database(name_));
  return ok();
}

Result<std::uint64_t> Postings::add(Transaction& transaction, std::vector<Posting>& batch) {
  std::sort(batch.begin(), batch.end());
  batch.erase(std::unique(batch.begin(), batch.end()), batch.end());
  SPINE_TRY(Cursor cursor, Cursor::open(transaction, database_));
  std::vector<Seq> scratch;
  for (auto from = batch.begin(); from != batch.end();) {
    const auto to = std::find_if(
        from, batch.end(), [id = from->id](const Posting& posting) { return posting.id != id; });
    SPINE_TRY_STATUS(add_list(cursor, std::span(from, to), scratch));
    from = to;
  }
  return batch.size();
}

Status Postings::find(Transaction& transaction, const PostingRange& range,
                      std::vector<Seq>& blocks) const {
  SPINE_TRY(Cursor cursor, Cursor::open(transaction, database_));
  Entry entry;
  SPINE_TRY(bool found, last_piece(cursor, range.id, range.to, entry));
  std::vector<Seq> piece;
  while (found && blocks.size() < range.limit) {
    piece.clear();
    if (!decode(entry, piece)) return not_a_piece();
    for (auto it = piece.rbegin(); it != piece.rend() && blocks.size() < range.limit; ++it) {
      if (*it > range.to) continue;
      if (*it < range.from) return ok();
      blocks.push_back(*it);
    }
    SPINE_TRY(found, cursor.move(Move::previous, entry));
    found = found && is_of(entry, range.id);
  }
  return ok();
}

Result<PostingStretch> Postings::stretch(Transaction& transaction, std::uint64_t id, Seq at) const {
  PostingStretch stretch{.to = kEnd};
  SPINE_TRY(Cursor cursor, Cursor::open(transaction, database_));
  Entry entry;
  SPINE_TRY(const bool found, last_piece(cursor, id, at, entry));
  if (found) {
    if (!decode(entry, stretch.blocks)) return not_a_piece();
    stretch.from = stretch.blocks.front();
  }
  if (at == kEnd) return stretch;
  SPINE_TRY(const bool more, cursor.at_or_after(key_of(id, next(at)), entry));
  if (!more || !is_of(entry, id)) return stretch;
  // The piece behind it is read when it is asked for; where it begins is certain only then, too.
  std::vector<Seq> following;
  if (!decode(entry, following)) return not_a_piece();
  stretch.to = Seq{following.front().value - 1};
  return stretch;
}

Result<std::uint64_t> Postings::id_after(Transaction& transaction, std::uint64_t id) const {
  if (id == kEnd.value) return 0;
  SPINE_TRY(Cursor cursor, Cursor::open(transaction, database_));
  Entry entry;
  SPINE_TRY(const bool found, cursor.at_or_after(key_of(id + 1, Seq{}), entry));
  if (!found) return 0;
  if (entry.key.size() != sizeof(Key)) return not_a_piece();
  return load_big_endian(entry.key.data());
}

Result<std::uint64_t> Postings::count(Transaction& transaction) const {
  SPINE_TRY(Cursor cursor, Cursor::open(transaction, database_));
  Entry entry;
  std::vector<Seq> piece;
  std::uint64_t postings = 0;
  SPINE_TRY(bool found, cursor.move(Move::first, entry));
  while (found) {
    piece.clear();
    if (!decode(entry, piece)) return not_a_piece();
    postings += piece.size();
    SPINE_TRY(found, cursor.move(Move::next, entry));
  }
  return postings;
}

}  // namespace spine::journal
