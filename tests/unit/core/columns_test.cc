// Columns: every table lists all that its rows hold, once, in the order of digests.
#include "engine/core/model/columns.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/core/model/digest.h"
#include "engine/core/model/tables.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

template <class Columns>
std::vector<int> numbers_of(const Columns& columns) {
  std::vector<int> numbers;
  for_each_column(columns, [&](const auto& column) { numbers.push_back(column.number); });
  return numbers;
}

template <class Row>
constexpr std::size_t cell_bytes() {
  std::size_t bytes = 0;
  for_each_column(Row::columns(), [&](const auto& column) {
    bytes += sizeof(std::remove_cvref_t<decltype(cell_of(column, std::declval<Row&>()))>);
  });
  return bytes;
}

TEST(Columns, NumbersAscend) {
  const Tables tables;
  for_each_table(tables, [](const char* name, const auto& table) {
    using Row = typename std::remove_cvref_t<decltype(table)>::Row;
    const std::vector<int> numbers = numbers_of(Row::columns());
    for (std::size_t i = 0; i < numbers.size(); ++i)
      EXPECT_EQ(numbers[i], static_cast<int>(i)) << name;
  });
  const std::vector<int> meta = numbers_of(meta_columns());
  EXPECT_TRUE(std::is_sorted(meta.begin(), meta.end()));
  EXPECT_EQ(std::set<int>(meta.begin(), meta.end()).size(), meta.size());
}

// A member that is no column would be lost with every snapshot: between the cells of a row there is
// room for padding only.
TEST(Columns, AreAllThatARowHolds) {
  const Tables tables;
  for_each_table(tables, [](const char* name, const auto& table) {
    using Row = typename std::remove_cvref_t<decltype(table)>::Row;
    EXPECT_LT(sizeof(Row) - cell_bytes<Row>(), 2 * sizeof(std::uint64_t)) << name;
  });
}

TEST(Columns, NumbersThatDoNotFitAreSeen) {
  std::uint16_t small = 0;
  EXPECT_TRUE(set_number(small, 65'535));
  EXPECT_FALSE(set_number(small, 65'536));
  std::int16_t offset = 0;
  EXPECT_TRUE(set_number(offset, number_of(std::int16_t{-90})));
  EXPECT_EQ(offset, -90);
  bool flag = false;
  EXPECT_FALSE(set_number(flag, 2));
  RunId run{};
  EXPECT_TRUE(set_number(run, kAnyNumber));
  EXPECT_EQ(run.value, kAnyNumber);
}

TEST(Columns, CopiesForReadersHoldWhatTheTableHolds) {
  World world;
  world.connect("token");
  world.chat("main", "hello", "key");
  const Tables& tables = world.state.tables();
  ASSERT_EQ(tables.sessions.count(), 1U);
  const SessionRow copy = tables.sessions.copy(1);
  EXPECT_EQ(copy.key, "agent:main:main");
  EXPECT_EQ(copy.agent_id, "main");
  EXPECT_EQ(copy.message_count, 1U);
  EXPECT_EQ(copy.history_first, copy.history_last);
  EXPECT_TRUE(copy.uuid);
  const Runs::Row run = tables.runs.copy(1);
  EXPECT_EQ(run.key, "key");
  EXPECT_EQ(run.session, copy.id);
  EXPECT_EQ(run.status, RunStatus::running);
}

}  // namespace
}  // namespace spine::core
