#include "sources/decode/field.h"

#include "base/text.h"

namespace sources::decode {
namespace {

constexpr size_t kShown = 64;         // bytes of a value that a complaint repeats
constexpr size_t kNamedWarnings = 8;  // of one object

std::string shown(const Value& value) {
  using nlohmann::json;
  if (value.IsObject()) return "a map";
  if (value.IsArray()) return "a list";
  if (value.IsBool()) return value.GetBool() ? "true" : "false";
  if (value.IsUint64()) return std::to_string(value.GetUint64());
  if (value.IsInt64()) return std::to_string(value.GetInt64());
  if (value.IsNumber()) return json(value.GetDouble()).dump();
  const std::string_view text = text_of(value);
  return json(text.substr(0, kShown)).dump(-1, ' ', true, json::error_handler_t::replace) + (text.size() > kShown ? "..." : "");
}

}  // namespace

void Warnings::add(std::string text) {
  if (count_++ < kNamedWarnings) first_.push_back(std::move(text));
}

std::string Warnings::text() const {
  std::string text = base::join(first_, "; ");
  return count_ > first_.size() ? text + "; and " + std::to_string(count_ - first_.size()) + " more" : text;
}

Field::Field(const Field* parent, std::string_view name, size_t index, const Value* value)
    : value_(value && !value->IsNull() ? value : nullptr),
      complaint_(parent->complaint_),
      warnings_(parent->warnings_),
      parent_(parent),
      name_(name),
      index_(index) {}

Field Field::lenient() const {
  Field same = *this;
  if (warnings_) same.complaint_ = nullptr;
  return same;
}

Field Field::operator[](std::string_view name) const& {
  if (value_ && !value_->IsObject()) is_not("a map");
  return Field(this, name, 0, value_ ? member(*value_, name) : nullptr);
}

std::string Field::text(std::string_view fallback) const {
  if (!value_) return std::string(fallback);
  if (value_->IsString()) return std::string(text_of(*value_));
  is_not(value_->IsNumber() || value_->IsBool() ? "text: put it in quotes" : "text");
  return std::string(fallback);
}

bool Field::boolean(bool fallback) const {
  if (!value_) return fallback;
  if (value_->IsBool()) return value_->GetBool();
  is_not("true or false");
  return fallback;
}

int64_t Field::integer(int64_t from, int64_t to, std::string_view what, int64_t fallback) const {
  if (!value_) return fallback;
  if (value_->IsInt64() && value_->GetInt64() >= from && value_->GetInt64() <= to) return value_->GetInt64();
  is_not(what);
  return fallback;
}

uint16_t Field::port(uint16_t from) const {
  return static_cast<uint16_t>(integer(from, 65535, from ? "a port (1 to 65535)" : "a port (0 to 65535)", 0));
}

model::Labels Field::labels() const {
  model::Labels labels;
  if (!value_) return labels;
  if (!value_->IsObject()) {
    is_not("a map");
    return labels;
  }
  for (const auto& [name, value] : value_->GetObject()) {
    Field label = Field(this, text_of(name), 0, &value).lenient();
    if (label.is_text() || !label.present())
      labels.emplace(text_of(name), label.text());
    else
      label.is_not("text: put it in quotes");
  }
  return labels;
}

// RFC 3339, as Kubernetes writes it: whole seconds of UTC.
int64_t Field::time() const {
  if (!value_) return 0;
  const auto seconds = is_text() ? base::utc_seconds(text()) : std::nullopt;
  if (!seconds) is_not("a time such as 2026-11-28T18:00:00Z");
  return seconds ? static_cast<int64_t>(*seconds) : 0;
}

std::optional<base::Ip> Field::ip() const {
  if (!value_) return std::nullopt;
  auto ip = value_->IsString() ? base::parse_ip(text_of(*value_)) : std::nullopt;
  if (!ip) is_not("an IP address");
  return ip;
}

std::optional<base::Ip> Field::ordinary_ip() const {
  auto address = ip();
  if (!address) return std::nullopt;
  if (address->is_unspecified() || address->is_loopback() || address->is_link_local() || address->is_multicast()) {
    is_not("allowed: it is unspecified, loopback, link-local or multicast");
    return std::nullopt;
  }
  return address;
}

std::optional<base::Cidr> Field::cidr() const {
  if (!value_) return std::nullopt;
  auto cidr = value_->IsString() ? base::parse_cidr(text_of(*value_)) : std::nullopt;
  if (!cidr) {
    is_not("a prefix such as 10.1.0.0/24 or fd00::/64");
    return std::nullopt;
  }
  return base::canonical(*cidr);
}

Field Field::front() const { return Field(this, {}, 0, list() && !value_->Empty() ? value_->Begin() : nullptr); }

bool Field::list() const {
  if (value_ && !value_->IsArray()) is_not("a list");
  return value_ && value_->IsArray();
}

void Field::complain(std::string_view text) const {
  if (!is_good()) return;
  std::string where = path();
  std::string complaint = (where.empty() ? "the object" : where) + ": " + std::string(text);
  if (complaint_)
    *complaint_ = std::move(complaint);
  else
    warnings_->add(std::move(complaint));
}

void Field::is_not(std::string_view what) const {
  if (is_good()) complain((value_ ? shown(*value_) : "nothing") + " is not " + std::string(what));
}

std::string Field::path() const {
  if (!parent_) return "";
  if (parent_->value_ && parent_->value_->IsArray()) return parent_->path() + "[" + std::to_string(index_) + "]";
  std::string before = parent_->path();
  std::string name(name_.substr(0, kShown));
  if (name.find_first_of("./ ") != std::string::npos) return before + "[\"" + name + "\"]";
  return before.empty() ? name : before + "." + name;
}

}  // namespace sources::decode
