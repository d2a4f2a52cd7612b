// A place in an object's JSON tree that knows its path, so that whatever is wrong there can be said as "spec.ports[1].port: ...".
// Reading never stops: the first complaint is kept in Complaint and the caller asks once, at the end. An absent or null field
// reads as its default, and so do all fields below it. A Field refers to its parent, which must outlive it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "model/cluster/object.h"

namespace sources::decode {

using Complaint = std::optional<std::string>;

class Field {
 public:
  Field(const nlohmann::json& root, Complaint& complaint) : value_(&root), complaint_(&complaint) {}

  bool present() const { return value_ != nullptr; }
  bool is_text() const { return value_ && value_->is_string(); }
  Field operator[](std::string_view name) const&;
  Field operator[](std::string_view name) && = delete;  // the parent would be gone

  std::string text(std::string_view fallback = "") const;
  bool boolean(bool fallback) const;
  // `what` ends the complaint: "70000 is not WHAT".
  int64_t integer(int64_t from, int64_t to, std::string_view what, int64_t fallback) const;
  uint16_t port(uint16_t from = 1) const;  // absent: 0
  model::Labels labels() const;
  std::optional<base::Ip> ip() const;  // absent or refused: nullopt
  // An address that packets may be sent to on behalf of others: not of the host itself, of one link, or of a group.
  std::optional<base::Ip> ordinary_ip() const;
  std::optional<base::Cidr> cidr() const;  // canonical

  size_t size() const { return value_ && value_->is_array() ? value_->size() : 0; }
  template <class Visit>
  void each(Visit visit) const {
    if (!list()) return;
    for (size_t i = 0; i < value_->size(); ++i) visit(Field(this, {}, i, &(*value_)[i]));
  }

  // Records "PATH: TEXT" or "PATH: VALUE is not WHAT", unless there is a complaint already.
  void complain(std::string_view text) const;
  void is_not(std::string_view what) const;

 private:
  Field(const Field* parent, std::string_view name, size_t index, const nlohmann::json* value);
  bool list() const;
  std::string path() const;

  const nlohmann::json* value_;
  Complaint* complaint_;
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
