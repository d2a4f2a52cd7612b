#include "sources/settings/shape.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace sources::settings {
namespace {

base::Error unlike(const Shape& shape, const Value& value) {
  std::string found = value.kind == Value::Kind::kScalar ? shown(value.text) : value.kind == Value::Kind::kList ? "a list" : "a map";
  return {EINVAL, found + " is not " + allowed(shape)};
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Go's time.ParseDuration, without a sign: "1h30m", "500ms", "0".
bool is_duration(std::string_view text) {
  if (text == "0") return true;
  bool any = false;
  while (!text.empty()) {
    size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    if (digits == 0 || !number<double>(text.substr(0, digits))) return false;
    text.remove_prefix(digits);
    size_t letters = std::min(text.find_first_of("0123456789."), text.size());
    auto unit = text.substr(0, letters);
    constexpr std::string_view kUnits[] = {"ns", "us", "µs", "ms", "s", "m", "h"};
    if (std::find(std::begin(kUnits), std::end(kUnits), unit) == std::end(kUnits)) return false;
    text.remove_prefix(letters);
    any = true;
  }
  return any;
}

// As the kernel's dev_valid_name, with a + at the end for "all that begin so".
bool is_interface(std::string_view name) {
  if (name.ends_with('+')) name.remove_suffix(1);
  if (name.empty() || name.size() > 15 || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '/' && c != ':' && c != '!' && c != '+'; });
}

// A DNS name or an address; no scheme, no port.
bool is_host(std::string_view name) {
  if (base::parse_ip(name)) return true;
  return name.size() <= 253 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.' || c == '_'; });
}

std::optional<model::PortRange> port_range_of(std::string_view range) {
  size_t separator = range.find_first_of(",-");
  if (separator == std::string_view::npos) return std::nullopt;
  auto low = number<uint16_t>(base::trim(range.substr(0, separator)));
  auto high = number<uint16_t>(base::trim(range.substr(separator + 1)));
  if (!low || !high || *low == 0 || *low > *high) return std::nullopt;
  return model::PortRange{*low, *high};
}

// "ADDRESS:PORT", ":PORT", "[ADDRESS]:PORT".
std::optional<model::ListenAddress> listen_address_of(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const auto port = number<uint16_t>(text.substr(colon + 1));
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = host.empty() ? base::Ip{} : base::parse_ip(host);
  if (!port || *port == 0 || !address || (!host.empty() && bracketed == address->is_v4())) return std::nullopt;
  return model::ListenAddress{*address, *port};
}

base::Result<base::Cidr> without_host_bits(const base::Cidr& cidr, const std::string& written) {
  if (base::canonical(cidr) == cidr) return cidr;
  return base::Error{EINVAL, shown(written) + " has bits set beyond its length: " + to_string(base::canonical(cidr)) + "?"};
}

base::Result<base::Cidr> prefix_of(const std::string& text) {
  if (auto cidr = base::parse_cidr(text)) return without_host_bits(*cidr, text);
  auto address = base::parse_ip(text);
  return base::Error{EINVAL, shown(text) + " is not a prefix" + (address ? ": " + to_string(base::host_cidr(*address)) + "?" : "")};
}

model::PrefixList prefix_list_of(const std::vector<std::string>& texts) {
  model::PrefixList list;
  for (const auto& text : texts) {
    if (auto cidr = base::parse_cidr(text))
      list.prefixes.push_back(base::canonical(*cidr));
    else
      list.unreadable.push_back(text);
  }
  return list;
}

base::Result<Accepted> accept_list(const Shape& shape, const Value& value) {
  std::vector<std::string> found;
  if (value.kind == Value::Kind::kMap) return unlike(shape, value);
  for (const auto& item : value.items) {
    if (item.kind != Value::Kind::kScalar) return base::Error{EINVAL, "the list holds more than names"};
    found.push_back(item.text);
  }
  std::string between = value.text;
  std::replace(between.begin(), between.end(), ',', ' ');
  for (auto name : base::split(between, ' '))
    if (!name.empty()) found.emplace_back(name);
  if (shape.kind == ShapeKind::kPrefixes) {
    std::vector<base::Cidr> prefixes;
    for (const auto& text : found) prefixes.push_back(TRY(prefix_of(text)));
    return Accepted(std::move(prefixes));
  }
  if (shape.kind == ShapeKind::kPrefixList) return Accepted(prefix_list_of(found));
  if (shape.kind == ShapeKind::kInterfaces)
    for (const auto& name : found)
      if (!is_interface(name)) return base::Error{EINVAL, shown(name) + " is not an interface's name"};
  return Accepted(std::move(found));
}

base::Result<Accepted> accept_cidr(const Shape& shape, const Value& value) {
  auto cidr = base::parse_cidr(value.text);
  if (!cidr || cidr->address.family() != shape.family) return unlike(shape, value);
  return Accepted(TRY(without_host_bits(*cidr, value.text)));
}

base::Result<Accepted> accept_port_range(const Shape& shape, const Value& value) {
  auto range = port_range_of(value.text);
  if (!range) return unlike(shape, value);
  return Accepted(*range);
}

base::Result<Accepted> accept_listen_address(const Shape& shape, const Value& value) {
  auto address = listen_address_of(value.text);
  if (!address && !value.text.empty()) return unlike(shape, value);
  return Accepted(address);
}

base::Result<Accepted> accept_choice(const Shape& shape, const Value& value) {
  for (const auto& choice : choices_of(shape)) {
    auto meant = as_boolean(choice);
    if (choice == value.text || (meant && meant == as_boolean(value.text))) return Accepted(choice);
  }
  return unlike(shape, value);
}

base::Result<Accepted> accept_scalar(const Shape& shape, const Value& value) {
  auto when = [&](bool good) -> base::Result<Accepted> {
    if (!good) return unlike(shape, value);
    return Accepted(value.text);
  };
  switch (shape.kind) {
    case ShapeKind::kBoolean: {
      auto flag = as_boolean(value.text);
      if (!flag) return unlike(shape, value);
      return Accepted(*flag);
    }
    case ShapeKind::kInteger: {
      auto whole = number<int64_t>(value.text);
      if (!whole) return unlike(shape, value);
      if ((*whole < shape.low || *whole > shape.high) && !(shape.or_zero && *whole == 0)) return unlike(shape, value);
      return Accepted(*whole);
    }
    case ShapeKind::kFraction: {
      auto part = number<double>(value.text);
      if (!part || !(*part >= static_cast<double>(shape.low) && *part <= static_cast<double>(shape.high))) return unlike(shape, value);
      return Accepted(*part);
    }
    case ShapeKind::kChoice:
      return accept_choice(shape, value);
    case ShapeKind::kCidr:
      return accept_cidr(shape, value);
    case ShapeKind::kDuration:
      return when(is_duration(value.text));
    case ShapeKind::kPortRange:
      return accept_port_range(shape, value);
    case ShapeKind::kListenAddress:
      return accept_listen_address(shape, value);
    case ShapeKind::kPath:
      return when(value.text.starts_with('/') && value.text.find('\0') == std::string::npos);
    case ShapeKind::kHost:
      return when(is_host(value.text));
    default:
      return Accepted(value.text);
  }
}

}  // namespace

std::optional<bool> as_boolean(std::string_view text) {
  for (std::string_view yes : {"true", "True", "TRUE", "yes", "on"})  // Helm reads YAML 1.1
    if (text == yes) return true;
  for (std::string_view no : {"false", "False", "FALSE", "no", "off"})
    if (text == no) return false;
  return std::nullopt;
}

std::vector<std::string> choices_of(const Shape& shape) {
  std::vector<std::string> choices;
  for (auto choice : base::split(shape.choices, '|')) choices.emplace_back(choice);
  return choices;
}

base::Result<Accepted> accept(const Shape& shape, const Value& value) {
  if (shape.kind == ShapeKind::kAnything) return Accepted();
  if (shape.kind == ShapeKind::kNames || shape.kind == ShapeKind::kInterfaces || shape.kind == ShapeKind::kPrefixes ||
      shape.kind == ShapeKind::kPrefixList)
    return accept_list(shape, value);
  if (shape.kind == ShapeKind::kMap) {
    if (value.kind != Value::Kind::kMap) return unlike(shape, value);
    return Accepted();
  }
  if (value.kind != Value::Kind::kScalar) return unlike(shape, value);
  return accept_scalar(shape, value);
}

std::string allowed(const Shape& shape) {
  switch (shape.kind) {
    case ShapeKind::kBoolean:
      return "true or false";
    case ShapeKind::kInteger:
      return std::string(shape.or_zero ? "0 or " : "") + "a whole number from " + std::to_string(shape.low) + " to " +
             std::to_string(shape.high);
    case ShapeKind::kFraction:
      return "a number from " + std::to_string(shape.low) + " to " + std::to_string(shape.high);
    case ShapeKind::kText:
      return "text";
    case ShapeKind::kChoice: {
      auto choices = choices_of(shape);
      return choices.size() == 1 ? choices.front() : "one of: " + base::join(choices, ", ");
    }
    case ShapeKind::kDuration:
      return "a duration such as 30s or 5m";
    case ShapeKind::kCidr:
      return shape.family == base::Family::kIpv4 ? "an IPv4 prefix such as 10.42.0.0/16" : "an IPv6 prefix such as fd00:42::/56";
    case ShapeKind::kNames:
      return "a list of names";
    case ShapeKind::kInterfaces:
      return "a list of interfaces, such as [eth0, enp+]";
    case ShapeKind::kPrefixes:
    case ShapeKind::kPrefixList:
      return "a list of prefixes, such as [192.168.0.0/16, fd00::/8]";
    case ShapeKind::kPortRange:
      return "two ports such as 30000,32767";
    case ShapeKind::kPath:
      return "an absolute path";
    case ShapeKind::kHost:
      return "a host name or address";
    case ShapeKind::kListenAddress:
      return "an address and a port such as 0.0.0.0:10256, or empty";
    case ShapeKind::kMap:
      return "a map";
    case ShapeKind::kAnything:
      return "any value";
  }
  return "";
}

}  // namespace sources::settings
