#include "sources/decode/field.h"

#include <chrono>
#include <cstdio>

#include "base/text.h"

namespace sources::decode {
namespace {

constexpr size_t kShown = 64;         // bytes of a value that a complaint repeats
constexpr size_t kNamedWarnings = 8;  // of one object

std::string shown(const nlohmann::json& value) {
  if (value.is_object()) return "a map";
  if (value.is_array()) return "a list";
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() <= kShown) return value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  return nlohmann::json(text.substr(0, kShown)).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "...";
}

}  // namespace

void Warnings::add(std::string text) {
  if (count_++ < kNamedWarnings) first_.push_back(std::move(text));
}

std::string Warnings::text() const {
  std::string text = base::join(first_, "; ");
  return count_ > first_.size() ? text + "; and " + std::to_string(count_ - first_.size()) + " more" : text;
}

Field::Field(const Field* parent, std::string_view name, size_t index, const nlohmann::json* value)
    : value_(value && !value->is_null() ? value : nullptr),
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
  const nlohmann::json* member = nullptr;
  if (value_ && value_->is_object()) {
    auto found = value_->find(name);
    if (found != value_->end()) member = &*found;
  } else if (value_) {
    is_not("a map");
  }
  return Field(this, name, 0, member);
}

std::string Field::text(std::string_view fallback) const {
  if (!value_) return std::string(fallback);
  if (value_->is_string()) return value_->get_ref<const std::string&>();
  is_not(value_->is_number() || value_->is_boolean() ? "text: put it in quotes" : "text");
  return std::string(fallback);
}

bool Field::boolean(bool fallback) const {
  if (!value_) return fallback;
  if (value_->is_boolean()) return value_->get<bool>();
  is_not("true or false");
  return fallback;
}

int64_t Field::integer(int64_t from, int64_t to, std::string_view what, int64_t fallback) const {
  if (!value_) return fallback;
  bool fits = value_->is_number_integer() && !(value_->is_number_unsigned() && value_->get<uint64_t>() > INT64_MAX);
  if (fits && value_->get<int64_t>() >= from && value_->get<int64_t>() <= to) return value_->get<int64_t>();
  is_not(what);
  return fallback;
}

uint16_t Field::port(uint16_t from) const {
  return static_cast<uint16_t>(integer(from, 65535, from ? "a port (1 to 65535)" : "a port (0 to 65535)", 0));
}

model::Labels Field::labels() const {
  model::Labels labels;
  if (!value_) return labels;
  if (!value_->is_object()) {
    is_not("a map");
    return labels;
  }
  for (const auto& [name, value] : value_->get_ref<const nlohmann::json::object_t&>()) {
    Field label = Field(this, name, 0, &value).lenient();
    if (label.is_text() || !label.present())
      labels.emplace_hint(labels.end(), name, label.text());
    else
      label.is_not("text: put it in quotes");
  }
  return labels;
}

// RFC 3339, as Kubernetes writes it: whole seconds of UTC.
int64_t Field::time() const {
  if (!value_) return 0;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, length = 0;
  const std::string written = is_text() ? text() : "";
  const int fields = std::sscanf(written.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour, &minute, &second, &length);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(month)), std::chrono::day(unsigned(day))};
  if (fields != 6 || size_t(length) != written.size() || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    is_not("a time such as 2026-11-28T18:00:00Z");
    return 0;
  }
  return std::chrono::sys_seconds(std::chrono::sys_days(date)).time_since_epoch().count() + hour * 3600 + minute * 60 + second;
}

std::optional<base::Ip> Field::ip() const {
  if (!value_) return std::nullopt;
  auto ip = value_->is_string() ? base::parse_ip(value_->get_ref<const std::string&>()) : std::nullopt;
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
  auto cidr = value_->is_string() ? base::parse_cidr(value_->get_ref<const std::string&>()) : std::nullopt;
  if (!cidr) {
    is_not("a prefix such as 10.1.0.0/24 or fd00::/64");
    return std::nullopt;
  }
  return base::canonical(*cidr);
}

Field Field::front() const { return Field(this, {}, 0, list() && !value_->empty() ? &value_->front() : nullptr); }

bool Field::list() const {
  if (value_ && !value_->is_array()) is_not("a list");
  return value_ && value_->is_array();
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
  if (parent_->value_ && parent_->value_->is_array()) return parent_->path() + "[" + std::to_string(index_) + "]";
  std::string before = parent_->path();
  std::string name(name_.substr(0, kShown));
  if (name.find_first_of("./ ") != std::string::npos) return before + "[\"" + name + "\"]";
  return before.empty() ? name : before + "." + name;
}

}  // namespace sources::decode
