// An object as the API server says it, as a tree of RapidJSON's: all of it lies in one piece of memory, so that 10,000 objects of a
// thousand values each are no millions of allocations. Files that people write are read by text.h, which knows YAML and is stricter.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#define RAPIDJSON_HAS_STDSTRING 1
#include <rapidjson/document.h>

#include "base/result.h"

namespace sources::decode {

using Value = rapidjson::Value;

class Tree {
 public:
  const Value& root() const { return storage_->document; }

 private:
  friend base::Result<Tree> parse_tree(std::string_view text, std::span<const std::string_view> left_out);

  static constexpr size_t kChunk = 16 << 10;  // bytes; an allocator tidies up at each return of 64 KiB
  struct Storage {
    rapidjson::MemoryPoolAllocator<> pool{kChunk};
    rapidjson::Document document{&pool};
  };
  std::unique_ptr<Storage> storage_ = std::make_unique<Storage>();
};

// Members called as one of `left_out`, at any depth, are read over and cost no memory. Of two members of one name the first counts. Errors
// name line and column.
base::Result<Tree> parse_tree(std::string_view text, std::span<const std::string_view> left_out = {});
// What a file said; an error where that is larger or deeper than what the API server may say, as aliases can make it.
base::Result<Tree> to_tree(const nlohmann::json& value);

// Null: there is no such member, or this is no map.
const Value* member(const Value& map, std::string_view name);
// "" where it is no text.
inline std::string_view text_of(const Value& value) {
  return value.IsString() ? std::string_view(value.GetString(), value.GetStringLength()) : std::string_view();
}

}  // namespace sources::decode
