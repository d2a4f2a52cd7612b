#include "support/packet.h"

#include <cstdlib>

namespace support {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kProtocolHopByHop = 0, kProtocolIcmp = 1, kProtocolTcp = 6, kProtocolUdp = 17, kProtocolIcmpv6 = 58, kProtocolNone = 59;

void put16(Bytes& bytes, size_t at, uint32_t value) {
  bytes[at] = static_cast<uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<uint8_t>(value);
}

base::Ip address(const std::string& text) {
  auto parsed = base::parse_ip(text);
  if (!parsed) std::abort();
  return *parsed;
}

Bytes address_bytes(const std::string& text) {
  base::Ip ip = address(text);
  return Bytes(ip.bytes.begin() + (ip.is_v4() ? 12 : 0), ip.bytes.end());
}

void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

uint16_t internet_checksum(const Bytes& bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) sum += i % 2 ? bytes[i] : bytes[i] << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

// Over the pseudo header of RFC 793 or RFC 8200 section 8.1, too.
uint16_t transport_checksum(const Ip& ip, uint8_t protocol, const Bytes& segment) {
  Bytes all = address_bytes(ip.source);
  append(all, address_bytes(ip.destination));
  Bytes tail(address(ip.source).is_v4() ? 4 : 8);
  tail[tail.size() == 4 ? 1 : 7] = protocol;
  put16(tail, 2, segment.size());
  append(all, tail);
  append(all, segment);
  return internet_checksum(all);
}

// One layer in front of what was built already; knows the IP layer that it is under and names itself for the one before it.
struct Builder {
  const Ip* ip;
  Bytes body;
  uint8_t protocol = kProtocolNone;  // of body, for an IP header before it
  uint16_t ethertype = 0;            // of body, for an Ethernet header before it

  void prepend(Bytes header) {
    append(header, body);
    body = std::move(header);
  }

  void operator()(const Payload& payload) { prepend(Bytes(payload.bytes.begin(), payload.bytes.end())); }

  void operator()(const Target& target) { prepend(address_bytes(target.address)); }

  void operator()(const Arp& arp) {
    Bytes header = {0, 1, 8, 0, 6, 4, 0, 0};
    put16(header, 6, arp.operation);
    header.insert(header.end(), arp.sender_mac.bytes.begin(), arp.sender_mac.bytes.end());
    append(header, address_bytes(arp.sender));
    header.resize(header.size() + 6);
    append(header, address_bytes(arp.target));
    prepend(header);
    ethertype = 0x0806;
  }

  void operator()(const Tcp& tcp) {
    Bytes header(20);
    put16(header, 0, tcp.source);
    put16(header, 2, tcp.destination);
    put16(header, 4, tcp.sequence >> 16);
    put16(header, 6, tcp.sequence & 0xffff);
    put16(header, 8, tcp.acknowledged >> 16);
    put16(header, 10, tcp.acknowledged & 0xffff);
    header[12] = 5 << 4;
    header[13] = tcp.flags;
    put16(header, 14, tcp.window);
    prepend(header);
    protocol = kProtocolTcp;
    put16(body, 16, transport_checksum(*ip, protocol, body));
  }

  void operator()(const Udp& udp) {
    Bytes header(8);
    put16(header, 0, udp.source);
    put16(header, 2, udp.destination);
    put16(header, 4, header.size() + body.size());
    prepend(header);
    protocol = kProtocolUdp;
    put16(body, 6, transport_checksum(*ip, protocol, body));
  }

  void operator()(const Icmp& icmp) {
    Bytes header(8);
    header[0] = icmp.type;
    header[1] = icmp.code;
    put16(header, 4, icmp.rest >> 16);
    put16(header, 6, icmp.rest & 0xffff);
    prepend(header);
    bool v4 = address(ip->source).is_v4();
    protocol = v4 ? kProtocolIcmp : kProtocolIcmpv6;
    put16(body, 2, v4 ? internet_checksum(body) : transport_checksum(*ip, protocol, body));
  }

  void operator()(const HopByHop&) {
    prepend({protocol, 0, 5, 2, 0, 0, 1, 0});
    protocol = kProtocolHopByHop;
  }

  void operator()(const Ip& layer) {
    uint8_t next = layer.protocol ? layer.protocol : protocol;
    bool v4 = address(layer.source).is_v4();
    Bytes header = v4 ? ipv4_header(layer, next) : ipv6_header(layer, next);
    prepend(header);
    ethertype = v4 ? 0x0800 : 0x86DD;
  }

  Bytes ipv4_header(const Ip& layer, uint8_t next) const {
    Bytes header(12);
    header[0] = 0x45;
    put16(header, 2, 20 + body.size());
    header[6] = 0x40;  // do not fragment
    header[8] = layer.ttl;
    header[9] = next;
    append(header, address_bytes(layer.source));
    append(header, address_bytes(layer.destination));
    put16(header, 10, internet_checksum(header));
    return header;
  }

  Bytes ipv6_header(const Ip& layer, uint8_t next) const {
    Bytes header(8);
    header[0] = 0x60;
    put16(header, 4, body.size());
    header[6] = next;
    header[7] = layer.ttl;
    append(header, address_bytes(layer.source));
    append(header, address_bytes(layer.destination));
    return header;
  }

  void operator()(const Vlan& vlan) {
    Bytes header(4);
    put16(header, 0, vlan.id);
    put16(header, 2, ethertype);
    prepend(header);
    ethertype = 0x8100;
  }

  void operator()(const Ethernet& ethernet) {
    Bytes header(ethernet.destination.bytes.begin(), ethernet.destination.bytes.end());
    header.insert(header.end(), ethernet.source.bytes.begin(), ethernet.source.bytes.end());
    header.resize(14);
    put16(header, 12, ethernet.type ? ethernet.type : ethertype);
    prepend(header);
  }
};

}  // namespace

std::vector<uint8_t> Packet::bytes() const {
  Builder builder{.ip = nullptr, .body = {}};
  for (size_t i = layers.size(); i-- > 0;) {
    builder.ip = nullptr;
    for (size_t j = 0; j < i; ++j)
      if (const auto* ip = std::get_if<Ip>(&layers[j])) builder.ip = ip;
    std::visit(builder, layers[i]);
  }
  return builder.body;
}

}  // namespace support
