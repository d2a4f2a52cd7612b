// A place in an object's tree that knows its path, so that whatever is wrong there can be said as "spec.ports[1].port: ...".
// Reading never stops: the first complaint is kept in Complaint, and the caller asks once, at the end. An absent or null field
// reads as its default, and so do all fields below it. A Field refers to its parent, which must outlive it.
//
// What is wrong in one entry of a list, or in a field without which the object means the same, takes nothing else away: it is left out
// and becomes a Warning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "model/cluster/object.h"
#include "sources/decode/tree.h"

namespace sources::decode {

using Complaint = std::optional<std::string>;

// What was left out of an object, "PATH: why". An object may be nothing but mistakes, so few are kept and the rest is counted.
class Warnings {
 public:
  void add(std::string text);
  bool empty() const { return count_ == 0; }
  std::string text() const;  // on one line

 private:
  std::vector<std::string> first_;
  size_t count_ = 0;
};

class Field {
 public:
  // Without warnings every complaint is one of the whole.
  Field(const Value& root, Complaint& complaint, Warnings* warnings = nullptr)
      : value_(&root), complaint_(&complaint), warnings_(warnings) {}

  bool present() const { return value_ != nullptr; }
  bool is_text() const { return value_ && value_->IsString(); }
  Field operator[](std::string_view name) const&;
  Field operator[](std::string_view name) && = delete;  // the parent would be gone

  // The same place, but what is wrong here or below is a warning, and the default is read.
  Field lenient() const;

  std::string text(std::string_view fallback = "") const;
  bool boolean(bool fallback) const;
  // `what` ends the complaint: "70000 is not WHAT".
  int64_t integer(int64_t from, int64_t to, std::string_view what, int64_t fallback) const;
  uint16_t port(uint16_t from = 1) const;  // absent: 0
  int64_t time() const;                    // seconds since 1970; absent: 0
  model::Labels labels() const;            // those that are text
  std::optional<base::Ip> ip() const;      // absent or refused: nullopt
  // An address that packets may be sent to on behalf of others: not of the host itself, of one link, or of a group.
  std::optional<base::Ip> ordinary_ip() const;
  std::optional<base::Cidr> cidr() const;  // canonical

  size_t size() const { return value_ && value_->IsArray() ? value_->Size() : 0; }
  Field front() const;  // a list's first entry
  // What read(entry) makes of each entry; std::nullopt: nothing. An entry with a complaint is left out alone.
  template <class Read>
  auto each(Read read) const {
    using Row = typename decltype(read(*this))::value_type;
    std::vector<Row> rows;
    if (!list()) return rows;
    rows.reserve(value_->Size());
    for (rapidjson::SizeType i = 0; i < value_->Size(); ++i) {
      Complaint wrong;
      Field entry(this, {}, i, &(*value_)[i]);
      if (warnings_) entry.complaint_ = &wrong;
      std::optional<Row> row = read(std::as_const(entry));
      if (wrong) warnings_->add(*wrong + "; left out");
      if (row && !wrong) rows.push_back(std::move(*row));
    }
    return rows;
  }

  // Records "PATH: TEXT" or "PATH: VALUE is not WHAT", unless there is a complaint already.
  void complain(std::string_view text) const;
  void is_not(std::string_view what) const;
  bool is_good() const { return !complaint_ || !*complaint_; }  // nothing is wrong so far with the entry, or the whole, that this is of

 private:
  Field(const Field* parent, std::string_view name, size_t index, const Value* value);
  bool list() const;
  std::string path() const;

  const Value* value_;
  Complaint* complaint_;  // null: what is wrong is a warning
  Warnings* warnings_ = nullptr;
  const Field* parent_ = nullptr;
  std::string_view name_;
  size_t index_ = 0;
};

// One of the given spellings, or a complaint that lists them and the first as value. Absent: the first.
template <class Value, size_t kCount>
Value one_of(const Field& field, const std::pair<std::string_view, Value> (&choices)[kCount]) {
  std::string text = field.text(choices[0].first);
  std::string spellings;
  for (const auto& [spelling, value] : choices) {
    if (text == spelling) return value;
    spellings += (spellings.empty() ? "" : ", ") + std::string(spelling);
  }
  field.is_not("one of " + spellings);
  return choices[0].second;
}

}  // namespace sources::decode
