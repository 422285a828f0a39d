// What rows are kept in: lazy arrays, texts, rows, lists.
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "engine/core/base/text_arena.h"
#include "engine/core/model/row_store.h"
#include "schemas/vocab/lazy_array.h"
#include "tests/unit/core/prng.h"

namespace spine::core {
namespace {

TEST(LazyArray, IsZeroUntilWrittenAndMovesWithItsContents) {
  LazyArray<std::uint64_t> array(std::size_t{1} << 30);
  EXPECT_EQ(array[(std::size_t{1} << 30) - 1], 0U);
  array[5] = 7;
  LazyArray<std::uint64_t> other = std::move(array);
  EXPECT_EQ(other[5], 7U);
  EXPECT_EQ(other.count(), std::size_t{1} << 30);
}

TEST(TextArena, KeepsEveryTextAndUsesFreedBlocksAgain) {
  Prng prng(3);
  TextArena arena(1'000);
  std::map<int, std::pair<Text, std::string>> texts;
  for (int i = 0; i < 50'000; ++i) {
    const int slot = static_cast<int>(prng.below(1'000));
    if (const auto found = texts.find(slot); found != texts.end()) {
      ASSERT_EQ(arena.view(found->second.first), found->second.second);
      arena.drop(found->second.first);
      ASSERT_EQ(found->second.first.bytes, 0U);
      texts.erase(found);
    } else {
      std::string text(prng.below(limits::kKeyBytesMax + 1), static_cast<char>('a' + slot % 26));
      const Text at = arena.put(text);
      texts[slot] = {at, std::move(text)};
    }
  }
  // 25,000 texts were put in; memory is that of about a thousand.
  EXPECT_LT(arena.bytes(), std::size_t{2'000} * limits::kKeyBytesMax);
}

TEST(TextArena, CutsWhatIsTooLong) {
  TextArena arena(2);
  const Text text = arena.put(std::string(5'000, 'x'));
  EXPECT_EQ(arena.view(text).size(), limits::kKeyBytesMax);
}

TEST(RowPool, GivesEachRowOnceAndKnowsWhenItIsFull) {
  RowPool pool(3);
  EXPECT_EQ(pool.take(), 1U);
  EXPECT_EQ(pool.take(), 2U);
  EXPECT_EQ(pool.take(), 3U);
  EXPECT_TRUE(pool.full());
  pool.give_back(2);
  EXPECT_FALSE(pool.full());
  EXPECT_EQ(pool.take(), 2U);
  EXPECT_TRUE(pool.full());
  EXPECT_EQ(pool.used(), 3U);
}

std::vector<std::uint32_t> rows_of(const RowLinks& links, const RowEnds& ends) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = ends.first; row != 0; row = links.next(row))
    rows.push_back(row);
  return rows;
}

TEST(RowLinks, KeepsOrderWhileRowsComeAndGo) {
  RowLinks links(10);
  RowEnds ends;
  for (const std::uint32_t row : {5U, 2U, 9U}) {
    links.insert(ends, row, [row](std::uint32_t other) { return other > row; });
  }
  EXPECT_EQ(rows_of(links, ends), (std::vector<std::uint32_t>{2, 5, 9}));
  links.remove(ends, 5);
  EXPECT_FALSE(links.contains(ends, 5));
  links.push_back(ends, 1);
  EXPECT_EQ(rows_of(links, ends), (std::vector<std::uint32_t>{2, 9, 1}));
  links.remove(ends, 2);
  links.remove(ends, 1);
  EXPECT_TRUE(links.contains(ends, 9));
  links.remove(ends, 9);
  EXPECT_EQ(ends.first, 0U);
  EXPECT_EQ(ends.last, 0U);
}

}  // namespace
}  // namespace spine::core
