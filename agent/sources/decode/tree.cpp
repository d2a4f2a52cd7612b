#include "sources/decode/tree.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "sources/decode/budget.h"

namespace sources::decode {
namespace {

// Between the parser and the document: leaves out what nobody reads, and refuses what costs too much.
class Events {
 public:
  Events(rapidjson::Document& document, std::span<const std::string_view> left_out) : document_(document), left_out_(left_out) {}

  bool Null() { return is_left_out() || (pay() && document_.Null()); }
  bool Bool(bool value) { return is_left_out() || (pay() && document_.Bool(value)); }
  bool Int(int value) { return is_left_out() || (pay() && document_.Int(value)); }
  bool Uint(unsigned value) { return is_left_out() || (pay() && document_.Uint(value)); }
  bool Int64(int64_t value) { return is_left_out() || (pay() && document_.Int64(value)); }
  bool Uint64(uint64_t value) { return is_left_out() || (pay() && document_.Uint64(value)); }
  bool Double(double value) { return is_left_out() || (pay() && document_.Double(value)); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
  bool String(const char* text, rapidjson::SizeType size, bool) { return is_left_out() || (pay() && document_.String(text, size, true)); }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (depth_left_out_) return true;
    leave_out_next_ = std::find(left_out_.begin(), left_out_.end(), std::string_view(text, size)) != left_out_.end();
    if (!leave_out_next_) ++members_.back();
    return leave_out_next_ || document_.Key(text, size, true);
  }
  bool StartObject() { return opens_left_out() || (open() && document_.StartObject()); }
  bool EndObject(rapidjson::SizeType) { return closes_left_out() || document_.EndObject(close()); }
  bool StartArray() { return opens_left_out() || (open() && document_.StartArray()); }
  bool EndArray(rapidjson::SizeType elements) {
    if (closes_left_out()) return true;
    close();
    return document_.EndArray(elements);
  }

  const std::string& refusal() const { return refusal_; }

 private:
  bool is_left_out() { return std::exchange(leave_out_next_, false) || depth_left_out_; }
  bool opens_left_out() { return is_left_out() && ++depth_left_out_; }
  bool closes_left_out() {
    if (!depth_left_out_) return false;
    --depth_left_out_;
    return true;
  }
  bool open() {
    if (members_.size() == kMaxDepth) return refuse("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    members_.push_back(0);
    return pay();
  }
  rapidjson::SizeType close() {
    auto members = members_.back();
    members_.pop_back();
    return members;
  }
  bool pay() {
    if (budget_.left.values == 0) return refuse("more than " + std::to_string(budget_.limits.values) + " values");
    --budget_.left.values;
    return true;
  }
  bool refuse(std::string why) {
    refusal_ = std::move(why);
    return false;
  }

  rapidjson::Document& document_;
  std::span<const std::string_view> left_out_;
  Budget budget_;
  std::vector<rapidjson::SizeType> members_;  // kept so far, of each map and list that is open
  bool leave_out_next_ = false;               // the value of the key just read
  size_t depth_left_out_ = 0;                 // containers open within such a value, itself included
  std::string refusal_;
};

}  // namespace

base::Result<Tree> parse_tree(std::string_view text, std::span<const std::string_view> left_out) {
  if (text.size() > kMaxTextBytes) return base::Error{EFBIG, "larger than 16 MiB"};
  Tree tree;
  Events events(tree.storage_->document, left_out);
  rapidjson::Reader reader;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::ParseResult result;
  // Not by recursion: depth is the sender's choice.
  auto parse = [&](rapidjson::Document&) {
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> input(stream);
    result = reader.Parse < rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag > (input, events);
    return !result.IsError();
  };
  tree.storage_->document.Populate(parse);
  if (!result.IsError()) return tree;
  if (!events.refusal().empty()) return base::Error{EINVAL, events.refusal()};
  auto before = text.substr(0, std::min(result.Offset(), text.size()));
  auto line = 1 + std::count(before.begin(), before.end(), '\n');
  auto column = 1 + before.size() - (before.rfind('\n') + 1);
  return base::Error{EINVAL, "line " + std::to_string(line) + ", column " + std::to_string(column) + ": is not JSON"};
}

base::Result<Tree> to_tree(const nlohmann::json& value) {
  return parse_tree(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

const Value* member(const Value& map, std::string_view name) {
  if (!map.IsObject()) return nullptr;
  auto found = map.FindMember(Value(rapidjson::StringRef(name.data(), name.size())));
  return found != map.MemberEnd() ? &found->value : nullptr;
}

}  // namespace sources::decode
