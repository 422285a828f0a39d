// Kinds: the table says something of every kind there is, and what it says holds together.
#include "engine/core/model/kinds.h"

#include <gtest/gtest.h>
#include <vector>

#include "engine/core/model/decide.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::core {
namespace {

TEST(Kinds, EveryKindOfTheSchemaHasItsRow) {
  std::vector<fb::EventBody> in_schema;
  for (const fb::EventBody kind : fb::EnumValuesEventBody())
    if (kind != fb::EventBody::NONE) in_schema.push_back(kind);
  std::vector<fb::EventBody> in_table;
  for (const Kind& kind : kinds())
    in_table.push_back(kind.kind);
  EXPECT_EQ(in_table, in_schema);
  for (const Kind& kind : kinds())
    EXPECT_EQ(&kind_of(kind_number(kind.kind)), &kind);
}

TEST(Kinds, ANumberThatIsNoneHasNoRules) {
  constexpr std::uint16_t kNone[]{0, 19, 255, 256, 65'535};
  for (const std::uint16_t number : kNone) {
    const Kind& kind = kind_of(number);
    EXPECT_EQ(kind.decide, nullptr);
    EXPECT_EQ(kind.fold, nullptr);
    EXPECT_EQ(kind.told, Told::nobody);
    EXPECT_FALSE(input_kind(number));
  }
}

// Whoever was away is told again of nothing that it would not have been told.
TEST(Kinds, OnlyWhatIsToldResumes) {
  for (const Kind& kind : kinds()) {
    const char* name = fb::EnumNameEventBody(kind.kind);
    EXPECT_TRUE(!kind.resumes() || kind.told != Told::nobody) << name;
    EXPECT_TRUE(kind.runs == nullptr || kind.told != Told::nobody) << name;
    EXPECT_TRUE(kind.decide != nullptr || !kind.closes) << name << " is no input";
  }
}

}  // namespace
}  // namespace spine::core
