#include "sources/decode/kinds.h"
#include "sources/decode/names.h"
#include "sources/decode/object_meta.h"
#include "sources/decode/protocol.h"

namespace sources::decode {
namespace {

using model::Endpoint;
using model::EndpointPort;
using model::EndpointSlice;

enum class AddressType : uint8_t { kMissing, kIpv4, kIpv6, kFqdn };

std::vector<std::string> hint_names(const Field& list) {
  return list.each([](const Field& hint) { return std::optional(hint["name"].text()); });
}

std::string target(const Field& reference, const std::string& slice_namespace) {
  if (!reference.present()) return "";
  std::string ns = reference["namespace"].text(slice_namespace);
  return reference["kind"].text() + " " + ns + "/" + reference["name"].text();
}

// The first one: no other is used (KEP-752).
base::Ip decode_address(const Field& addresses, base::Family family) {
  Field address = addresses.front();
  auto ip = address.ordinary_ip();
  if (ip && ip->family() != family) address.is_not(family == base::Family::kIpv4 ? "an IPv4 address" : "an IPv6 address");
  if (!address.present()) addresses.complain("needs an address");
  return ip.value_or(base::Ip());
}

std::optional<Endpoint> decode_endpoint(const Field& field, const EndpointSlice& slice) {
  Endpoint endpoint;
  Field conditions = field["conditions"], hints = field["hints"].lenient();
  endpoint.address = decode_address(field["addresses"], slice.family);
  endpoint.ready = conditions["ready"].boolean(true);
  endpoint.serving = conditions["serving"].boolean(true);
  endpoint.terminating = conditions["terminating"].boolean(false);
  endpoint.node_name = field["nodeName"].text();
  endpoint.zone = field["zone"].lenient().text();
  endpoint.zone_hints = hint_names(hints["forZones"]);
  endpoint.node_hints = hint_names(hints["forNodes"]);
  endpoint.target = target(field["targetRef"].lenient(), slice.meta.ns);
  return endpoint;
}

std::optional<EndpointPort> decode_port(const Field& field) {
  EndpointPort port;
  Field name = field["name"];
  port.name = name.text();
  if (!port.name.empty() && !is_dns_label(port.name)) name.is_not("a name of lower-case letters, digits and - (RFC 1123)");
  port.protocol = decode_protocol(field["protocol"]);
  port.port = field["port"].port(0);
  return port.port ? std::optional(port) : std::nullopt;
}

void decode_service_name(const Field& root, EndpointSlice& slice) {
  auto label = slice.meta.labels.find("kubernetes.io/service-name");
  if (label == slice.meta.labels.end() || label->second.empty()) return;
  slice.service = slice.meta.ns + "/" + label->second;
  if (is_dns_label(label->second)) return;
  Field metadata = root["metadata"];
  Field labels = metadata["labels"];
  labels["kubernetes.io/service-name"].is_not("the name of a Service");
}

}  // namespace

base::Result<std::optional<EndpointSlice>> decode_endpoint_slice(const Value& object, Warnings& warnings) {
  Complaint complaint;
  Field root(object, complaint, &warnings);
  EndpointSlice slice;
  slice.meta = decode_meta(root, Scope::kNamespaced, is_dns_subdomain);
  decode_service_name(root, slice);
  Field address_type = root["addressType"];
  auto type = one_of<AddressType>(
      address_type,
      {{"", AddressType::kMissing}, {"IPv4", AddressType::kIpv4}, {"IPv6", AddressType::kIpv6}, {"FQDN", AddressType::kFqdn}});
  if (type == AddressType::kMissing) address_type.complain("is missing: IPv4 or IPv6");
  if (type == AddressType::kFqdn && !complaint) return std::optional<EndpointSlice>();
  slice.family = type == AddressType::kIpv6 ? base::Family::kIpv6 : base::Family::kIpv4;
  slice.ports = root["ports"].each(decode_port);
  slice.endpoints = root["endpoints"].each([&](const Field& field) { return decode_endpoint(field, slice); });
  if (complaint) return base::Error{EINVAL, *complaint};
  return std::optional(std::move(slice));
}

}  // namespace sources::decode
