// Output: JSON objects, tables of columns, findings and facts.
#include "adapters/cli/output.h"

#include <gtest/gtest.h>

namespace spine::cli {
namespace {

TEST(Output, ObjectsHoldWhatIsGivenInItsOrder) {
  const auto value = Json::parse(R"({"a":[1]})");
  ASSERT_TRUE(value);
  EXPECT_EQ(json_object({{"text", "a\"b"},
                         {"number", -1},
                         {"flag", true},
                         {"value", *value},
                         {"texts", json_texts({"x", "y"})},
                         Member::unless_empty("absent", ""),
                         Member::unless_empty("there", "t")}),
            R"({"text":"a\"b","number":-1,"flag":true,"value":{"a":[1]},"texts":["x","y"],)"
            R"("there":"t"})");
  EXPECT_EQ(json_object({}), "{}");
}

TEST(Output, ATableShowsColumnsOfRows) {
  const auto answer = Json::parse(R"({"rows":[{"id":"a","n":3},{"id":"bcd","at":0,"note":"x"}]})");
  ASSERT_TRUE(answer);
  const Column columns[]{{"ID", "id"},
                         {"N", "n", number_text},
                         {"AT", "at", time_or_dash},
                         {"NOTE", "note", text_or_dash}};
  EXPECT_EQ(Table(columns, answer->array("rows")).text(),
            "ID   N  AT  NOTE\na    3  -   -\nbcd  0  -   x\n");
}

TEST(Output, AListSaysHowManyItLeavesOut) {
  const auto answer = Json::parse(R"({"rows":[{"id":"a"}],"totalCount":3})");
  ASSERT_TRUE(answer);
  const Column columns[]{{"ID", "id"}};
  const Listing listing{.rows = "rows", .columns = columns, .none = "None.", .hint = "Hint.\n"};
  ::testing::internal::CaptureStdout();
  print_list(*answer, listing);
  print_list(Json{}, listing);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(),
            "ID\na\nHint.\n(1 of 3: --limit shows more)\nNone.\n");
}

TEST(Findings, AreLinesWithRemediesOrAnObject) {
  Findings findings;
  findings.ok("disk", "free");
  EXPECT_FALSE(findings.failed());
  findings.fail("port", "in use", "stop it");
  EXPECT_TRUE(findings.failed());
  ::testing::internal::CaptureStdout();
  findings.print(false);
  findings.print(true);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(),
            "ok    disk             free\n"
            "fail  port             in use\n"
            "                       -> stop it\n"
            R"({"findings":[{"grade":"ok","subject":"disk","what":"free","remedy":""},)"
            R"({"grade":"fail","subject":"port","what":"in use","remedy":"stop it"}]})"
            "\n");
}

}  // namespace
}  // namespace spine::cli
