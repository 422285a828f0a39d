// PageCheck: whether the pages of an LMDB file can be given to LMDB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

// LMDB believes every page it reads: a bent one ends the process. For a file that is worth no
// more than being passed over, this looks at all pages of a snapshot first: numbers, flags,
// offsets, sizes, and that the keys are in order, so that a search finds what is there. Reads the
// file itself, so whoever checks a live one holds a read transaction meanwhile. Only trees as ours
// are: named databases of byte-wise ordered keys, values inside their pages. Thread: one.
class PageCheck {
 public:
  // `fd` of data.mdb is borrowed; `snapshot` is the id of the transaction.
  PageCheck(int fd, std::uint64_t snapshot) : fd_(fd), snapshot_(snapshot) {}
  // Errc::corrupt, and a word on what is wrong, when something is.
  Status run();

 private:
  using Page = std::vector<std::byte>;
  // Keys of a part of a tree: at or after `from`, before `to` where there is a `to`.
  struct Bounds {
    ByteSpan from{};
    ByteSpan to{};
    bool open{true};
  };
  struct Tree {
    std::uint64_t root{};
    std::uint16_t depth{};
    bool holds_trees{};
  };
  struct Node {
    ByteSpan key{};
    ByteSpan value{};       // of a leaf
    std::uint64_t child{};  // of a branch
    std::uint16_t flags{};  // of a leaf
  };

  Status read_page(std::uint64_t number, Page& page) const;
  Status check_tree(const Tree& tree);
  Status check_record(ByteSpan record, bool holds_trees);
  Status check_page(const Tree& tree, std::uint64_t number, unsigned level, const Bounds& bounds);
  Status read_nodes(const Page& page, bool leaf, std::vector<Node>& nodes) const;

  int fd_;
  std::uint64_t snapshot_;
  std::size_t page_bytes_{};
  std::uint64_t last_page_{};
  std::uint64_t seen_{};  // pages
};

}  // namespace spine::journal
