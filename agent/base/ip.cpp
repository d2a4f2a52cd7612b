#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace base {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// The same address for inet_pton(3), which takes no leading zeros. Hexadecimal groups stay as they are.
std::string without_leading_zeros(std::string_view text) {
  const size_t colon = text.rfind(':');
  const size_t dotted = colon == std::string_view::npos ? 0 : colon + 1;
  if (text.find('.', dotted) == std::string_view::npos) return std::string(text);
  std::string plain(text.substr(0, dotted));
  for (size_t i = dotted; i < text.size(); ++i) {
    const bool leads = plain.size() == dotted || plain.back() == '.';
    const bool digit_follows = i + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[i + 1]));
    if (text[i] != '0' || !leads || !digit_follows) plain += text[i];
  }
  return plain;
}

uint8_t mapped_length(const Cidr& cidr) { return static_cast<uint8_t>(cidr.length + 128 - cidr.address.width()); }

}  // namespace

bool Ip::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin()); }

bool Ip::is_unspecified() const {
  return is_v4() ? v4_be() == 0 : std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; });
}

bool Ip::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  return bytes[15] == 1 && std::all_of(bytes.begin(), bytes.end() - 1, [](uint8_t b) { return b == 0; });
}

bool Ip::is_link_local() const { return is_v4() ? bytes[12] == 169 && bytes[13] == 254 : bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80; }

bool Ip::is_multicast() const { return is_v4() ? (bytes[12] & 0xf0) == 0xe0 : bytes[0] == 0xff; }

uint32_t Ip::v4_be() const {
  uint32_t address;
  std::memcpy(&address, &bytes[12], sizeof address);
  return address;
}

Ip Ip::from_v4_be(uint32_t address_be) {
  Ip ip;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), ip.bytes.begin());
  std::memcpy(&ip.bytes[12], &address_be, sizeof address_be);
  return ip;
}

std::optional<Ip> parse_ip(std::string_view text) {
  if (text.size() > INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
  const std::string terminated = without_leading_zeros(text);
  if (text.find(':') == std::string_view::npos) {
    in_addr v4;
    if (inet_pton(AF_INET, terminated.c_str(), &v4) != 1) return std::nullopt;
    return Ip::from_v4_be(v4.s_addr);
  }
  Ip ip;
  if (inet_pton(AF_INET6, terminated.c_str(), ip.bytes.data()) != 1) return std::nullopt;
  return ip;
}

std::string to_string(const Ip& ip) {
  char text[INET6_ADDRSTRLEN];
  const void* address = ip.is_v4() ? static_cast<const void*>(&ip.bytes[12]) : ip.bytes.data();
  inet_ntop(ip.is_v4() ? AF_INET : AF_INET6, address, text, sizeof text);
  return text;
}

std::string endpoint_text(const Ip& address, uint16_t port) {
  std::string text = to_string(address);
  if (!address.is_v4()) text = "[" + text + "]";
  return text + ":" + std::to_string(port);
}

bool Cidr::contains(const Ip& ip) const {
  if (ip.is_v4() != address.is_v4()) return false;
  return canonical(Cidr{ip, length}).address == canonical(*this).address;
}

std::optional<Cidr> parse_cidr(std::string_view text) {
  size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto ip = parse_ip(text.substr(0, slash));
  std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (!ip || digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || length > ip->width()) return std::nullopt;
  return Cidr{*ip, static_cast<uint8_t>(length)};
}

Cidr canonical(const Cidr& cidr) {
  Cidr result = cidr;
  auto& bytes = result.address.bytes;
  const size_t kept = mapped_length(cidr), whole = kept / 8;
  if (whole == bytes.size()) return result;
  bytes[whole] &= static_cast<uint8_t>(~(0xffu >> kept % 8));
  std::fill(bytes.begin() + static_cast<ptrdiff_t>(whole) + 1, bytes.end(), uint8_t{0});
  return result;
}

Cidr host_cidr(const Ip& ip) { return Cidr{ip, ip.width()}; }

std::string to_string(const Cidr& cidr) { return to_string(cidr.address) + "/" + std::to_string(cidr.length); }

std::optional<Ip> nth_address(const Cidr& cidr, uint64_t index) {
  if (index >= address_count(cidr)) return std::nullopt;
  Ip ip = canonical(cidr).address;
  for (int i = 15; i >= 0 && index; --i) {
    uint64_t sum = ip.bytes[static_cast<size_t>(i)] + (index & 0xff);
    ip.bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(sum);
    index = (index >> 8) + (sum >> 8);
  }
  return ip;
}

uint64_t address_count(const Cidr& cidr) {
  unsigned bits = cidr.address.width() - cidr.length;
  return uint64_t{1} << std::min(bits, 63u);
}

}  // namespace base
