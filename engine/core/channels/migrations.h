// Migrations: conversations to which their platforms gave another id.
#pragma once

#include <string_view>
#include <vector>

#include "engine/core/model/row_store.h"
#include "engine/core/model/rows.h"

namespace spine::core {

// Of an account of a channel (in lower case); ids are opaque bytes. Every row leads to the id of
// now, however often it has changed since. When the table is full the oldest row goes.
class Migrations : public RowVector<MigrationRow, limits::kMigrationsMax> {
 public:
  // What the conversation is called now. Borrowed from the table, or `id` itself.
  std::string_view now(std::string_view channel, std::string_view account,
                       std::string_view id) const;
  // What it was called before, the oldest first. `id` is that of now. Borrowed.
  std::vector<std::string_view> former(std::string_view channel, std::string_view account,
                                       std::string_view id) const;
  // What it was called first, whichever of its ids is given. Borrowed.
  std::string_view first(std::string_view channel, std::string_view account,
                         std::string_view id) const;

  // REQUIRES: every id of a row is smaller, from and to differ.
  void add(MigrationRow row);
};

}  // namespace spine::core
