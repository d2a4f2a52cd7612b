// What a key's value may look like: as wide as the chart's own types, so that "7445" is a port and "true" is true.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "model/config.h"
#include "sources/settings/value.h"

namespace sources::settings {

enum class ShapeKind : uint8_t {
  kBoolean,
  kInteger,
  kFraction,
  kText,
  kChoice,
  kDuration,
  kCidr,
  kNames,
  kInterfaces,
  kPrefixes,
  kPrefixList,
  kPortRange,
  kPath,
  kHost,
  kListenAddress,
  kMap,
  kAnything
};

struct Shape {
  ShapeKind kind = ShapeKind::kAnything;
  std::string_view choices = "";              // kChoice: "snat|dsr"
  int64_t low = 0, high = 0;                  // kInteger and kFraction: inclusive
  base::Family family = base::Family::kIpv4;  // kCidr
  bool or_zero = false;                       // kInteger: 0 is in bounds, whatever they are
};

constexpr Shape boolean() { return {ShapeKind::kBoolean}; }
constexpr Shape integer(int64_t low, int64_t high) { return {ShapeKind::kInteger, "", low, high}; }
constexpr Shape zero_or(int64_t low, int64_t high) { return {ShapeKind::kInteger, "", low, high, base::Family::kIpv4, true}; }
constexpr Shape fraction() { return {ShapeKind::kFraction, "", 0, 1}; }
constexpr Shape text() { return {ShapeKind::kText}; }
constexpr Shape one_of(std::string_view choices) { return {ShapeKind::kChoice, choices}; }
constexpr Shape duration() { return {ShapeKind::kDuration}; }
constexpr Shape cidr(base::Family family) { return {ShapeKind::kCidr, "", 0, 0, family}; }
constexpr Shape names() { return {ShapeKind::kNames}; }             // a list, or a text of names between spaces or commas
constexpr Shape interfaces() { return {ShapeKind::kInterfaces}; }   // likewise
constexpr Shape prefixes() { return {ShapeKind::kPrefixes}; }       // likewise, of both families
constexpr Shape prefix_list() { return {ShapeKind::kPrefixList}; }  // likewise, but host bits are cut off and what is no prefix is kept
constexpr Shape port_range() { return {ShapeKind::kPortRange}; }
constexpr Shape path() { return {ShapeKind::kPath}; }
constexpr Shape host() { return {ShapeKind::kHost}; }
constexpr Shape listen_address() { return {ShapeKind::kListenAddress}; }  // empty: nowhere, where other shapes mean "not set"
constexpr Shape map() { return {ShapeKind::kMap}; }
constexpr Shape anything() { return {ShapeKind::kAnything}; }

// monostate: text that nobody reads further.
using Accepted = std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<std::string>, base::Cidr,
                              std::vector<base::Cidr>, model::PrefixList, model::PortRange, std::optional<model::ListenAddress>>;

// The error says what is wrong with it, without the key. The value is not empty, but for listen_address().
base::Result<Accepted> accept(const Shape& shape, const Value& value);

std::string allowed(const Shape& shape);  // "true or false", "one of: snat, dsr"

std::vector<std::string> choices_of(const Shape& shape);
std::optional<bool> as_boolean(std::string_view text);

}  // namespace sources::settings
