// Cells: what tools see of the state is all of it, by names that are there once.
#include "engine/core/model/cells.h"

#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

#include "engine/core/model/digest.h"
#include "tests/unit/core/life.h"

namespace spine::core {
namespace {

TEST(Cells, EveryRowOfEveryTableIsShownWithAllItsColumns) {
  Life life(7);
  for (int i = 0; i < 500; ++i)
    life.step();
  const State& state = life.world.state;
  std::map<std::string_view, std::uint64_t> rows;
  visit_rows(state, {}, [&](std::string_view table, std::span<const Cell> cells) {
    ++rows[table];
    const std::vector<std::string_view> columns = column_names(table);
    ASSERT_EQ(cells.size(), columns.size());
    for (std::size_t i = 0; i < cells.size(); ++i)
      EXPECT_EQ(cells[i].column, columns[i]);
  });
  const StateDigest own = digest(state);
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < own.table_count; ++i) {
    names.push_back(own.tables[i].table);
    EXPECT_EQ(rows[own.tables[i].table], own.tables[i].rows) << own.tables[i].table;
  }
  EXPECT_EQ(names, table_names());
}

TEST(Cells, ARowIsFoundByItsKeyAndIsTheSameAsAmongAll) {
  Life life(8);
  for (int i = 0; i < 300; ++i)
    life.step();
  const State& state = life.world.state;
  std::uint64_t found = 0;
  visit_rows(state, {}, [&](std::string_view table, std::span<const Cell> cells) {
    const auto* key = std::get_if<std::uint64_t>(&cells.front().value);
    if (key == nullptr || table == "meta") return;
    ++found;
    std::uint64_t equal = 0;
    EXPECT_TRUE(visit_row(state, table, *key, [&](std::string_view, std::span<const Cell> other) {
      ASSERT_EQ(other.size(), cells.size());
      for (std::size_t i = 0; i < cells.size(); ++i)
        equal += other[i].value == cells[i].value ? 1 : 0;
    })) << table;
    EXPECT_EQ(equal, cells.size()) << table;
  });
  EXPECT_GT(found, 10U);
  EXPECT_FALSE(visit_row(state, "sessions", 999'999, [](auto...) {}));
  EXPECT_FALSE(visit_row(state, "nothing", 1, [](auto...) {}));
}

TEST(Cells, NamesAreThereOnceAndEnumsHaveTheirs) {
  for (const std::string_view table : table_names()) {
    const std::vector<std::string_view> columns = column_names(table);
    EXPECT_EQ(std::set(columns.begin(), columns.end()).size(), columns.size()) << table;
    EXPECT_FALSE(columns.empty()) << table;
  }
  EXPECT_TRUE(column_names("nothing").empty());
  World world;
  world.connect("token");
  world.message({.text = "hello"});
  std::string conversation;
  visit_rows(world.state, "sessions", [&](std::string_view, std::span<const Cell> cells) {
    for (const Cell& cell : cells)
      if (cell.column == "conversation") conversation = cell.name;
  });
  EXPECT_EQ(conversation, "direct");
}

}  // namespace
}  // namespace spine::core
