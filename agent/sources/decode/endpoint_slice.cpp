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
  std::vector<std::string> names;
  list.each([&](const Field& hint) { names.push_back(hint["name"].text()); });
  return names;
}

std::string target(const Field& reference, const std::string& slice_namespace) {
  if (!reference.present()) return "";
  std::string ns = reference["namespace"].text(slice_namespace);
  return reference["kind"].text() + " " + ns + "/" + reference["name"].text();
}

Endpoint decode_endpoint(const Field& field, const EndpointSlice& slice) {
  Endpoint endpoint;
  Field addresses = field["addresses"], conditions = field["conditions"], hints = field["hints"];
  bool first = true;
  addresses.each([&](const Field& address) {
    if (!std::exchange(first, false)) return;
    auto ip = address.ordinary_ip();
    if (ip && ip->family() != slice.family) address.is_not(slice.family == base::Family::kIpv4 ? "an IPv4 address" : "an IPv6 address");
    if (ip) endpoint.address = *ip;
    if (!address.present()) address.is_not("an IP address");
  });
  if (first) addresses.complain("needs an address");
  endpoint.ready = conditions["ready"].boolean(true);
  endpoint.serving = conditions["serving"].boolean(true);
  endpoint.terminating = conditions["terminating"].boolean(false);
  endpoint.node_name = field["nodeName"].text();
  endpoint.zone = field["zone"].text();
  endpoint.zone_hints = hint_names(hints["forZones"]);
  endpoint.node_hints = hint_names(hints["forNodes"]);
  endpoint.target = target(field["targetRef"], slice.meta.ns);
  return endpoint;
}

void decode_port(const Field& field, EndpointSlice& slice) {
  EndpointPort port;
  Field name = field["name"];
  port.name = name.text();
  if (!port.name.empty() && !is_dns_label(port.name)) name.is_not("a name of lower-case letters, digits and - (RFC 1123)");
  port.protocol = decode_protocol(field["protocol"]);
  port.port = field["port"].port(0);
  if (port.port) slice.ports.push_back(std::move(port));
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

base::Result<std::optional<EndpointSlice>> decode_endpoint_slice(const nlohmann::json& object) {
  Complaint complaint;
  Field root(object, complaint);
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
  root["ports"].each([&](const Field& field) { decode_port(field, slice); });
  root["endpoints"].each([&](const Field& field) { slice.endpoints.push_back(decode_endpoint(field, slice)); });
  if (complaint) return base::Error{EINVAL, *complaint};
  return std::optional(std::move(slice));
}

}  // namespace sources::decode
