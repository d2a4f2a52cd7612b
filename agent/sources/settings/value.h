// A values file as a tree in which every key knows where it was written. Made by yaml.cpp and set_argument.cpp, merged here, judged by
// judge.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/problem.h"

namespace sources::settings {

struct Mark {
  std::shared_ptr<const std::string> origin;  // file name, or "--set"
  int line = 0;                               // from 1; 0: there are no lines
};
std::string to_string(const Mark& mark);  // "FILE:LINE" or "--set"

struct Entry;

struct Value {
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  std::string text;  // kScalar: as written, quotes and escapes undone
  std::vector<Value> items;
  std::vector<Entry> entries;

  bool is_empty() const;  // null, or a scalar without text: the chart's ways to say "not set"
};

struct Entry {
  std::string key;
  Mark mark;
  Value value;
};

// Maps are merged, all else is replaced.
void merge(Value& base, Value over);

// One line for people: scalars as written, lists of scalars as "[a, b]", "{...}" and "[...]" for the rest.
std::string summary(const Value& value);

// Foreign text made fit for a message: quoted, cut, without control characters.
std::string shown(std::string_view text);

}  // namespace sources::settings
