// IP addresses and prefixes of both families as one type: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d
// (RFC 4291 section 2.5.5.2), which is also their form in bpf/abi.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base {

enum class Family : uint8_t { kIpv4, kIpv6 };
constexpr std::string_view family_name(Family family) { return family == Family::kIpv4 ? "IPv4" : "IPv6"; }

struct Ip {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const Ip&) const = default;

  bool is_v4() const;
  Family family() const { return is_v4() ? Family::kIpv4 : Family::kIpv6; }
  uint8_t width() const { return is_v4() ? 32 : 128; }  // bits
  bool is_unspecified() const;
  bool is_loopback() const;
  bool is_link_local() const;  // 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291)
  bool is_multicast() const;

  // Network byte order, as in struct in_addr.
  uint32_t v4_be() const;
  static Ip from_v4_be(uint32_t address_be);
};

// Dotted quad, leading zeros decimal as Kubernetes reads them (k8s.io/utils/net ParseIPSloppy), or RFC 4291 text without a zone.
std::optional<Ip> parse_ip(std::string_view text);
std::string to_string(const Ip& ip);
std::string endpoint_text(const Ip& address, uint16_t port);  // "10.0.0.1:80", "[fd00::1]:80"

struct Cidr {
  Ip address;          // bits beyond length are zero in a canonical one
  uint8_t length = 0;  // 0..32 or 0..128, counted in the address's own family

  auto operator<=>(const Cidr&) const = default;
  bool contains(const Ip& ip) const;
};

// "address/length"; host bits may be set and are kept: see canonical().
std::optional<Cidr> parse_cidr(std::string_view text);
Cidr canonical(const Cidr& cidr);
Cidr host_cidr(const Ip& ip);  // /32 or /128
std::string to_string(const Cidr& cidr);

// Each value by its own to_string().
template <class Value>
std::vector<std::string> to_strings(const std::vector<Value>& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(to_string(value));
  return texts;
}

// The address that many steps after the prefix's first one; nullopt beyond its end.
std::optional<Ip> nth_address(const Cidr& cidr, uint64_t index);
// Number of addresses, saturating at 2^63.
uint64_t address_count(const Cidr& cidr);

}  // namespace base

template <>
struct std::hash<base::Ip> {
  size_t operator()(const base::Ip& ip) const noexcept {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(ip.bytes.data()), ip.bytes.size()});
  }
};
template <>
struct std::hash<base::Cidr> {
  size_t operator()(const base::Cidr& cidr) const noexcept { return std::hash<base::Ip>{}(cidr.address) * 131 + cidr.length; }
};
