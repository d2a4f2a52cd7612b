// YAML and JSON text to trees: scalar types, documents, and the bounds on hostile text.
#include <gmock/gmock.h>

#include "sources/decode/budget.h"
#include "sources/decode/text.h"

namespace sources::decode {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json only(const std::string& yaml) {
  auto documents = parse_yaml(yaml);
  EXPECT_EQ(documents.size(), 1u) << yaml;
  if (documents.size() != 1 || !documents[0].ok()) {
    ADD_FAILURE() << yaml << ": " << (documents.empty() ? "nothing" : documents[0].error().text);
    return {};
  }
  return *documents[0];
}

std::string error_of(const std::vector<Document>& documents) {
  for (const auto& document : documents)
    if (!document.ok()) return document.error().text;
  return "";
}

TEST(SourcesDecodeText, PlainScalarsHaveTheTypesOfTheCoreSchema) {
  const std::pair<const char*, json> kCases[] = {
      {"80", 80},
      {"-3", -3},
      {"+3", 3},
      {"0x1f", 31},
      {"0o17", 15},
      {"017", 17},
      {"1.5", 1.5},
      {"1e3", 1000.0},
      {"true", true},
      {"False", false},
      {"yes", "yes"},
      {"null", nullptr},
      {"~", nullptr},
      {"", nullptr},
      {"1.2.3", "1.2.3"},
      {"10.0.0.1", "10.0.0.1"},
      {"'80'", "80"},
      {"\"true\"", "true"},
      {"!!str 80", "80"},
      {"+-3", "+-3"},
      {"0x", "0x"},
      {"-", json::array({nullptr})},
      {"fd00::1", "fd00::1"},
      {"1_000", "1_000"},
  };
  for (const auto& [text, value] : kCases)
    EXPECT_EQ(only("a: " + std::string(text[0] == '-' && !text[1] ? "[~]" : text))["a"], value) << text;
}

TEST(SourcesDecodeText, AQuotedNumberIsTextAndAKeyIsAlwaysText) {
  EXPECT_EQ(only("80: '1'"), json({{"80", "1"}}));
  EXPECT_EQ(only("true: x"), json({{"true", "x"}}));
}

TEST(SourcesDecodeText, DocumentsAreCountedWithoutTheEmptyOnes) {
  auto documents = parse_yaml("---\n# nothing\n---\na: 1\n--- \nb: 2\n...\n---\n---\n");

  ASSERT_EQ(documents.size(), 2u);
  EXPECT_EQ(*documents[0], json({{"a", 1}}));
  EXPECT_EQ(*documents[1], json({{"b", 2}}));
}

TEST(SourcesDecodeText, ABrokenDocumentLeavesTheOthersWhole) {
  auto documents = parse_yaml("a: 1\n---\nb: [1\n---\nc: 3\n");

  ASSERT_EQ(documents.size(), 3u);
  EXPECT_TRUE(documents[0].ok());
  EXPECT_FALSE(documents[1].ok());
  EXPECT_THAT(documents[1].error().text, testing::StartsWith("line "));
  EXPECT_EQ(*documents[2], json({{"c", 3}}));
}

TEST(SourcesDecodeText, DashesInsideATextBlockStartNoDocument) { EXPECT_EQ(only("a: |\n  ---\n  x\n"), json({{"a", "---\nx\n"}})); }

TEST(SourcesDecodeText, AliasesAndMergeKeysAreResolved) {
  EXPECT_EQ(only("a: &x {p: 1}\nb: *x"), json({{"a", {{"p", 1}}}, {"b", {{"p", 1}}}}));
  EXPECT_EQ(only("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}")["b"], json({{"p", 1}, {"q", 3}}));
  EXPECT_EQ(only("'<<': 1"), json({{"<<", 1}}));
  EXPECT_EQ(only("x: &x {p: 1}\ny: &y {p: 2, q: 2}\nb: {<<: *x, <<: *y, r: 3}\nc: {<<: [*x, *y]}")["b"],
            json({{"p", 1}, {"q", 2}, {"r", 3}}));
}

TEST(SourcesDecodeText, AnchorsOfScalarsAreKeysToo) {
  EXPECT_EQ(only("name: &app web\nlabels: {*app : 'yes'}"), json({{"name", "web"}, {"labels", {{"web", "yes"}}}}));
  EXPECT_EQ(only("&port 0080: a\nagain: *port"), json({{"0080", "a"}, {"again", 80}}));
  EXPECT_EQ(only("a: &x 0x10\nb: {*x : 1}")["b"], json({{"0x10", 1}}));
  EXPECT_EQ(only("a: &x 1\nb: &x 2\nc: *x")["c"], 2) << "an anchor that is used again";
}

TEST(SourcesDecodeText, WhatEditorsLeaveInFilesIsRead) {
  const json expected = {{"a", {{"b", "c"}}}};
  for (const char* text : {"\xef\xbb\xbf"
                           "a:\n  b: c\n",
                           "a:\r\n  b: c\r\n", "a:\n  b:\tc\t\n", "%YAML 1.2\n---\na:\n  b: c\n...\n", "--- # head\na: {b: c}\n",
                           "--- {a: {b: c}}\n", "\xef\xbb\xbf---\na:\n  b: c # \t\n", "a:\n  b: c"})
    EXPECT_EQ(only(text), expected) << text;
}

TEST(SourcesDecodeText, RefusalsSayWhatIsWrongAndWhere) {
  const std::pair<std::string, const char*> kCases[] = {
      {"a: 1\na: 2", "line 2: key \"a\" is there twice"},
      {"x: 1\n---\na: &a [*a]", "line 3: an alias stands inside the value"},
      {"a: !secret x", "tag !secret is not known"},
      {"? [a]\n: b", "cannot be a key"},
      {"a: &a [1]\nb: {*a : 1}", "cannot be a key"},
      {"a:\n\tb: c", "line 2"},
      {"a: \xff", "is not UTF-8"},
      {"a: \xed\xa0\x80", "is not UTF-8"},
      {"a: {<<: 3}", "<< takes a map"},
      {std::string(kMaxDepth + 1, '[') + std::string(kMaxDepth + 1, ']'), "deeper than 64"},
      {std::string(kMaxTextBytes + 1, ' '), "larger than 16 MiB"},
  };
  for (const auto& [text, what] : kCases) EXPECT_THAT(error_of(parse_yaml(text)), HasSubstr(what)) << text.substr(0, 40);
}

TEST(SourcesDecodeText, ABombOfAliasesIsRefused) {
  std::string bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (int i = 1; i < 12; ++i) {
    std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_THAT(error_of(parse_yaml(bomb)), HasSubstr("stand for more than 16 MiB"));
}

TEST(SourcesDecodeText, JsonIsHeldToTheSameBounds) {
  std::string many = "[0";
  for (size_t i = 0; i < Limits().values; ++i) many += ",0";
  EXPECT_THAT(parse_json(many + "]").error().text, HasSubstr("more than 2000000 values"));
  EXPECT_THAT(parse_json(std::string(100, '[')).error().text, HasSubstr("deeper than 64"));
  EXPECT_THAT(parse_json(R"({"a":1,"a":2})").error().text, HasSubstr("twice"));
  EXPECT_THAT(parse_json("{\n\"a\": b}").error().text, HasSubstr("line 2, column 6: is not JSON"));
  EXPECT_FALSE(parse_json("").ok());
  EXPECT_FALSE(parse_json("\"\xff\"").ok());
  EXPECT_EQ(*parse_json(R"({"a":[1,{"b":null}],"c":"x"})"), json::parse(R"({"a":[1,{"b":null}],"c":"x"})"));
}

TEST(SourcesDecodeText, TheFileNameChoosesTheFormat) {
  EXPECT_FALSE(parse_text("a.json", "a: 1")[0].ok());
  EXPECT_EQ(*parse_text("a.yaml", "{\"a\": 1}")[0], json({{"a", 1}}));
  EXPECT_EQ(*parse_text("a.yaml", "{a: 1}")[0], json({{"a", 1}}));
}

}  // namespace
}  // namespace sources::decode
