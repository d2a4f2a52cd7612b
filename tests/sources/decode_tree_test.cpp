// What the API server says, as a tree: what is left out, what is refused, and that nothing it can send costs a stack or the memory.
#include <gmock/gmock.h>

#include "sources/decode/field.h"
#include "sources/decode/tree.h"

namespace sources::decode {
namespace {

using testing::HasSubstr;

std::string text_at(const Tree& tree, std::string_view name) {
  const Value* found = member(tree.root(), name);
  return found ? std::string(text_of(*found)) : "absent";
}
std::string why_not(std::string_view text) { return parse_tree(text).error().text; }

TEST(DecodeTree, MembersThatNobodyReadsAreLeftOutAtAnyDepth) {
  constexpr std::string_view kLeftOut[] = {"managedFields", "x"};
  auto tree = parse_tree(R"({"a":"1","managedFields":[{"f":{"a":"2","x":[]}},3],"b":{"x":{"x":1},"c":"4"},"x":null,"d":"5"})", kLeftOut);
  ASSERT_TRUE(tree.ok()) << tree.error().text;

  EXPECT_EQ(tree->root().MemberCount(), 3U);
  EXPECT_EQ(text_at(*tree, "a"), "1");
  EXPECT_EQ(text_at(*tree, "d"), "5");
  EXPECT_EQ(text_at(*tree, "managedFields"), "absent");
  EXPECT_EQ(member(tree->root(), "b")->MemberCount(), 1U);
  EXPECT_EQ(text_of(*member(*member(tree->root(), "b"), "c")), "4");
}

TEST(DecodeTree, OfTwoMembersOfOneNameTheFirstCounts) { EXPECT_EQ(text_at(*parse_tree(R"({"a":"1","a":"2"})"), "a"), "1"); }

TEST(DecodeTree, TextIsWholeWhateverIsInIt) {
  EXPECT_EQ(text_at(*parse_tree(R"({"a":"nul \u0000 and \ud83d\ude00"})"), "a"), std::string("nul \0 and \xf0\x9f\x98\x80", 14));
  EXPECT_EQ(text_at(*parse_tree("{\"a\":\"" + std::string(100'000, 'x') + "\"}"), "a"), std::string(100'000, 'x'));
}

TEST(DecodeTree, NumbersKeepTheirKind) {
  auto tree = parse_tree(R"({"port":80,"least":-9223372036854775808,"most":18446744073709551615,"real":1.5})");
  Complaint complaint;
  Field root(tree->root(), complaint);

  EXPECT_EQ(root["port"].port(), 80);
  EXPECT_EQ(root["least"].integer(INT64_MIN, 0, "a number", 1), INT64_MIN);
  EXPECT_FALSE(complaint);
  root["most"].integer(0, INT64_MAX, "a number", 0);
  EXPECT_EQ(*complaint, "most: 18446744073709551615 is not a number");
  complaint.reset();
  root["real"].port();
  EXPECT_EQ(*complaint, "real: 1.5 is not a port (1 to 65535)");
}

TEST(DecodeTree, WhatCostsTooMuchIsRefused) {
  std::string many = "[0";
  for (int i = 0; i < 2'000'000; ++i) many += ",0";

  EXPECT_THAT(why_not(many + "]"), HasSubstr("more than 2000000 values"));
  EXPECT_THAT(why_not(std::string(1'000'000, '[')), HasSubstr("deeper than 64"));
  EXPECT_THAT(why_not(std::string((16 << 20) + 1, ' ')), HasSubstr("larger than 16 MiB"));
  constexpr std::string_view kLeftOut[] = {"x"};
  EXPECT_FALSE(parse_tree("{\"x\":" + std::string(1'000'000, '['), kLeftOut).ok());
}

TEST(DecodeTree, WhatIsNoJsonIsNamedByLineAndColumn) {
  EXPECT_EQ(why_not("{\n\"a\": b}"), "line 2, column 6: is not JSON");
  for (const char* text : {"", " ", "{", "{}{}", "[1,]", "{\"a\"}", "\"\xff\"", "'a'", "01", "\"\\ud800\"", "NaN", "// x"})
    EXPECT_FALSE(parse_tree(text).ok()) << text;
}

TEST(DecodeTree, OfWhatIsNoMapThereAreNoMembers) {
  EXPECT_EQ(member(parse_tree("[1]")->root(), "a"), nullptr);
  EXPECT_EQ(text_of(parse_tree("7")->root()), "");
}

TEST(DecodeTree, AFilesTreeIsTheSame) {
  auto tree = to_tree({{"a", "1"}, {"b", {1, nullptr, true}}, {"c", "\xff"}});

  EXPECT_EQ(text_at(*tree, "a"), "1");
  EXPECT_EQ(member(tree->root(), "b")->Size(), 3U);
  EXPECT_EQ(text_at(*tree, "c"), "\xef\xbf\xbd");
}

}  // namespace
}  // namespace sources::decode
