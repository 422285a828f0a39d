// Migrations: found by walking over a few rows.
#include "engine/core/channels/migrations.h"

#include <algorithm>
#include <utility>

namespace spine::core {
namespace {

bool is_at(const MigrationRow& row, std::string_view channel, std::string_view account) {
  return row.channel == channel && row.account == account;
}

}  // namespace

std::string_view Migrations::now(std::string_view channel, std::string_view account,
                                 std::string_view id) const {
  const MigrationRow* found = find_row(
      [&](const MigrationRow& row) { return row.from == id && is_at(row, channel, account); });
  return found == nullptr ? id : std::string_view{found->to};
}

std::vector<std::string_view> Migrations::former(std::string_view channel, std::string_view account,
                                                 std::string_view id) const {
  std::vector<std::string_view> ids;
  for (const MigrationRow& row : rows_)
    if (row.to == id && is_at(row, channel, account)) ids.push_back(row.from);
  return ids;
}

std::string_view Migrations::first(std::string_view channel, std::string_view account,
                                   std::string_view id) const {
  if (rows_.empty()) return id;
  const std::string_view today = now(channel, account, id);
  const std::vector<std::string_view> ids = former(channel, account, today);
  return ids.empty() ? id : ids.front();
}

void Migrations::add(MigrationRow row) {
  // An id that is given again leads nowhere else any more: there is no ring.
  std::erase_if(rows_, [&](const MigrationRow& other) {
    return is_at(other, row.channel, row.account) &&
           (other.from == row.to || other.from == row.from);
  });
  for (MigrationRow& other : rows_)
    if (other.to == row.from && is_at(other, row.channel, row.account)) other.to = row.to;
  if (full()) rows_.erase(rows_.begin());
  rows_.push_back(std::move(row));
}

}  // namespace spine::core
