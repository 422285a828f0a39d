// The layout of LMDB's files (MDB_DATA_VERSION 1), as far as a check needs it.
#include "journal/page_check.h"

#include <bit>
#include <fmt/format.h>
#include <unistd.h>

namespace spine::journal {
namespace {

constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kNodeBytes = 8;
constexpr std::size_t kRecordBytes = 48;  // what is stored of a database
constexpr std::uint16_t kBranch = 1;
constexpr std::uint16_t kLeaf = 2;
constexpr std::uint16_t kSubtree = 2;  // of a node: its value is a record
constexpr unsigned kDepthMax = 30;     // LMDB's cursors have 32 places
constexpr std::uint64_t kNoPage = ~std::uint64_t{0};

// Places in a meta page.
constexpr std::size_t kPageBytesAt = 40;
constexpr std::size_t kMainAt = 88;
constexpr std::size_t kLastPageAt = 136;
constexpr std::size_t kSnapshotAt = 144;
constexpr std::size_t kMetaBytes = 152;

Error bent(std::string_view what) {
  return Error{Errc::corrupt, fmt::format("A page of data.mdb is damaged: {}.", what)};
}

bool read_at(int fd, std::uint64_t offset, MutableByteSpan bytes) {
  return ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)) ==
         static_cast<ssize_t>(bytes.size());
}

bool before(ByteSpan a, ByteSpan b) {
  return as_text(a) < as_text(b);
}

}  // namespace

Status PageCheck::run() {
  Page meta(kMetaBytes);
  if (!read_at(fd_, 0, meta)) return bent("there is none");
  page_bytes_ = load<std::uint32_t>(meta.data() + kPageBytesAt);
  if (!std::has_single_bit(page_bytes_) || page_bytes_ < 512 || page_bytes_ > 32'768) {
    return bent("its size");
  }
  // Two meta pages take turns.
  if (!read_at(fd_, (snapshot_ & 1) * page_bytes_, meta)) return bent("it is not there");
  if (load<std::uint64_t>(meta.data() + kSnapshotAt) != snapshot_) return bent("its snapshot");
  last_page_ = load<std::uint64_t>(meta.data() + kLastPageAt);
  return check_record(ByteSpan(meta).subspan(kMainAt, kRecordBytes), true);
}

Status PageCheck::read_page(std::uint64_t number, Page& page) const {
  if (number < 2 || number > last_page_ || number > kNoPage / page_bytes_) {
    return bent("a page number");
  }
  page.resize(page_bytes_);
  if (!read_at(fd_, number * page_bytes_, page)) return bent("it is not there");
  return load<std::uint64_t>(page.data()) == number ? ok() : Status{bent("it is another one")};
}

// What is stored of a database: flags, depth, counts, the root.
Status PageCheck::check_record(ByteSpan record, bool holds_trees) {
  if (record.size() != kRecordBytes) return bent("the record of a database");
  if (load<std::uint16_t>(record.data() + 4) != 0) return bent("flags of a database");
  return check_tree({.root = load<std::uint64_t>(record.data() + 40),
                     .depth = load<std::uint16_t>(record.data() + 6),
                     .holds_trees = holds_trees});
}

Status PageCheck::check_tree(const Tree& tree) {
  if (tree.root == kNoPage) return tree.depth == 0 ? ok() : Status{bent("a root")};
  if (tree.depth == 0 || tree.depth > kDepthMax) return bent("the depth of a tree");
  return check_page(tree, tree.root, 1, {});
}

Status PageCheck::read_nodes(const Page& page, bool leaf, std::vector<Node>& nodes) const {
  const std::size_t lower = load<std::uint16_t>(page.data() + 12);
  const std::size_t upper = load<std::uint16_t>(page.data() + 14);
  if (lower < kHeaderBytes || lower % 2 != 0 || lower > upper || upper > page.size()) {
    return bent("its free space");
  }
  for (std::size_t at = kHeaderBytes; at < lower; at += 2) {
    const std::size_t place = load<std::uint16_t>(page.data() + at);
    if (place < upper || place % 2 != 0 || place + kNodeBytes > page.size()) {
      return bent("where a node is");
    }
    const std::byte* node = page.data() + place;
    const std::size_t key_bytes = load<std::uint16_t>(node + 6);
    const std::uint64_t low = load<std::uint32_t>(node);
    const std::uint16_t flags = load<std::uint16_t>(node + 4);
    const std::size_t room = page.size() - place - kNodeBytes;
    if (key_bytes > room || (leaf && low > room - key_bytes)) return bent("the size of a node");
    nodes.push_back({.key = {node + kNodeBytes, key_bytes},
                     .value = {node + kNodeBytes + key_bytes, leaf ? low : 0},
                     .child = low | std::uint64_t{flags} << 32U,
                     .flags = flags});
  }
  return ok();
}

Status PageCheck::check_page(const Tree& tree, std::uint64_t number, unsigned level,
                             const Bounds& bounds) {
  if (++seen_ > last_page_) return bent("it is part of more than one tree");
  Page page;
  SPINE_TRY_STATUS(read_page(number, page));
  const bool leaf = level == tree.depth;
  if (load<std::uint16_t>(page.data() + 10) != (leaf ? kLeaf : kBranch)) return bent("its kind");
  std::vector<Node> nodes;
  SPINE_TRY_STATUS(read_nodes(page, leaf, nodes));
  if (nodes.size() < (leaf ? 1U : 2U)) return bent("it is empty");
  // The first key of a branch is not looked at: all before the second belongs to the first child.
  if (!leaf) nodes.front().key = bounds.from;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    const bool last = i + 1 == nodes.size();
    const bool ordered =
        last ? bounds.open || before(node.key, bounds.to) : before(node.key, nodes[i + 1].key);
    if (!ordered || before(node.key, bounds.from)) return bent("the order of its keys");
    if (!leaf) {
      const Bounds part{
          .from = node.key, .to = last ? bounds.to : nodes[i + 1].key, .open = last && bounds.open};
      SPINE_TRY_STATUS(check_page(tree, node.child, level + 1, part));
    } else if (node.flags != (tree.holds_trees ? kSubtree : 0)) {
      return bent("flags of a node");
    } else if (tree.holds_trees) {
      SPINE_TRY_STATUS(check_record(node.value, false));
    }
  }
  return ok();
}

}  // namespace spine::journal
