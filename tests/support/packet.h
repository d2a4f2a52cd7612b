// Packets as they are drawn: Ethernet{} / Ip{"10.1.0.2", "10.1.0.3"} / Tcp{1000, 80} / Payload{"hello"}. What follows from the layers
// (types, lengths, checksums) is filled in by bytes(); a layer's own wish to differ is a field.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "base/mac.h"

namespace support {

struct Ethernet {
  base::Mac source{}, destination{};
  uint16_t type = 0;  // 0: by what follows
};
struct Vlan {
  uint16_t id = 0;
};
// IPv4 or IPv6, as the addresses are.
struct Ip {
  std::string source, destination;  // abort when they cannot be read
  uint8_t ttl = 64;
  uint8_t protocol = 0;  // 0: by what follows
};
// With one router alert option (RFC 2711), as MLD sends it.
struct HopByHop {};
struct Tcp {
  uint16_t source = 0, destination = 0;
  uint8_t flags = 0x02;  // SYN
  uint32_t sequence = 0, acknowledged = 0;
  uint16_t window = 65535;
};
struct Udp {
  uint16_t source = 0, destination = 0;
};
// ICMP under IPv4, ICMPv6 under IPv6.
struct Icmp {
  uint8_t type = 0, code = 0;
  uint32_t rest = 0;  // host order: identifier and sequence number, or an MTU
};
// Ethernet and IPv4 (RFC 826).
struct Arp {
  uint16_t operation = 1;  // 1 request, 2 reply
  base::Mac sender_mac{};
  std::string sender, target;
};
// A neighbour solicitation or advertisement: what follows the ICMPv6 header's eight bytes.
struct Target {
  std::string address;
};
struct Payload {
  std::string bytes;
};

using Layer = std::variant<Ethernet, Vlan, Ip, HopByHop, Arp, Tcp, Udp, Icmp, Target, Payload>;

struct Packet {
  std::vector<Layer> layers;

  std::vector<uint8_t> bytes() const;
};

inline Packet operator/(Packet packet, Layer layer) {
  packet.layers.push_back(std::move(layer));
  return packet;
}
inline Packet operator/(Ethernet first, Layer second) { return Packet{{first, std::move(second)}}; }
inline Packet operator/(Ip first, Layer second) { return Packet{{std::move(first), std::move(second)}}; }

}  // namespace support
