#include "status/render.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace status {
namespace {

TableView two_lines() {
  return {"name",
          {{"a",
            {{"count", int64_t{7}}, {"up", true}, {"addresses", std::vector<std::string>{"10.0.0.1", "fd00::1"}}, {"note", std::string()}}},
           {"longer", {{"count", int64_t{12345}}, {"up", false}, {"addresses", std::vector<std::string>{}}, {"note", std::string()}}}}};
}

TEST(StatusRender, TextHasAlignedColumnsWithoutEmptyOnesAndTrailingBlanks) {
  EXPECT_EQ(render_text(two_lines()),
            "NAME    COUNT  UP   ADDRESSES\n"
            "a       7      yes  10.0.0.1,fd00::1\n"
            "longer  12345  no   -\n");
}

TEST(StatusRender, TextOfNothingSaysSo) { EXPECT_EQ(render_text({"name", {}}), "(empty)\n"); }

TEST(StatusRender, TextEscapesWhatATerminalWouldObey) {
  TableView view{"name", {{"a\x1b[2J\nb", {{"note", std::string("tab\there")}}}}};

  EXPECT_EQ(render_text(view),
            "NAME         NOTE\n"
            "a\\x1b[2J\\nb  tab\\x09here\n");
}

TEST(StatusRender, ColumnsCountCharactersAndNotBytes) {
  TableView view{"name", {{"ü", {{"x", int64_t{1}}}}, {"zz", {{"x", int64_t{2}}}}}};

  EXPECT_EQ(render_text(view),
            "NAME  X\n"
            "ü     1\n"
            "zz    2\n");
}

TEST(StatusRender, JsonKeepsTypesAndOrder) {
  auto json = nlohmann::ordered_json::parse(render_json(two_lines()));

  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0].dump(), R"({"key":"a","count":7,"up":true,"addresses":["10.0.0.1","fd00::1"],"note":""})");
}

TEST(StatusRender, JsonOfBytesThatAreNotUtf8IsStillJson) {
  TableView view{"name", {{"\xff\xfe", {}}}};

  EXPECT_TRUE(nlohmann::json::accept(render_json(view)));
}

}  // namespace
}  // namespace status
