// BlockWriter: puts whole blocks, as they are, into a new journal.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include "journal/block.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

class Environment;  // journal/lmdb.h

// For copies of a part of a journal: they may begin with any block. Thread: one.
class BlockWriter {
 public:
  // Makes an empty journal in `dir`, which must not hold one; the directory is created.
  static Result<std::unique_ptr<BlockWriter>> create(const std::filesystem::path& dir);
  ~BlockWriter();
  BlockWriter(const BlockWriter&) = delete;
  BlockWriter& operator=(const BlockWriter&) = delete;

  // Copies the block in. Errc::no_space on a full disk. REQUIRES: it was verified, it follows the
  // one before, finish() was not called.
  Status append(ByteSpan block);
  // Makes all of it durable, as small as it can be, and closes it. No lock file is left: nobody
  // writes to it any more, so that it can be read where nothing can be written.
  Status finish();

 private:
  BlockWriter(std::filesystem::path dir, std::shared_ptr<Environment> env);
  Status flush();

  std::filesystem::path dir_;
  std::shared_ptr<Environment> env_;
  std::vector<std::byte> pending_{};    // blocks of the next transaction
  std::vector<std::size_t> lengths_{};  // of each of them
};

}  // namespace spine::journal
