#include "io/cni/message.h"

#include <nlohmann/json.hpp>

#include "io/cni/port_mappings.h"

namespace io::cni {

namespace {

using nlohmann::json;

std::string encoded(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

base::Result<json> parse_object(std::string_view text) {
  json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return base::Error{EPROTO, "message: not a JSON object"};
  return document;
}

json texts_of(const std::vector<base::Ip>& addresses) {
  json texts = json::array();
  for (const base::Ip& address : addresses) texts.push_back(base::to_string(address));
  return texts;
}

// A conversion of what does not fit is undefined, so it is looked at first.
base::Result<uint32_t> uint32_of(const json& number) {
  if (!number.is_number_unsigned() || number.get<uint64_t>() > UINT32_MAX)
    return base::Error{EPROTO, "not a 32 bit number: " + number.dump()};
  return number.get<uint32_t>();
}

base::Result<std::vector<base::Ip>> ips_of(const json& texts) {
  std::vector<base::Ip> addresses;
  for (const json& text : texts) {
    const auto ip = base::parse_ip(text.get_ref<const std::string&>());
    if (!ip) return base::Error{EPROTO, "not an address: " + text.get_ref<const std::string&>()};
    addresses.push_back(*ip);
  }
  return addresses;
}

}  // namespace

std::string encode(const Request& request) {
  return encoded({{"verb", to_string(request.verb)},
                  {"containerId", request.container_id},
                  {"ifname", request.ifname},
                  {"netns", request.netns_path},
                  {"podNamespace", request.pod_namespace},
                  {"podName", request.pod_name},
                  {"podUid", request.pod_uid},
                  {"portMappings", port_mappings(request.host_ports)}});
}

std::string encode(const Reply& reply) {
  if (reply.failure) {
    const Failure& failure = *reply.failure;
    return encoded({{"error", {{"code", static_cast<uint32_t>(failure.code)}, {"msg", failure.msg}, {"details", failure.details}}}});
  }
  const Attachment& attachment = reply.attachment;
  return encoded({{"hostLink", attachment.host_link},
                  {"hostMac", attachment.host_mac},
                  {"podMac", attachment.pod_mac},
                  {"addresses", texts_of(attachment.addresses)},
                  {"gateways", texts_of(attachment.gateways)},
                  {"mtu", attachment.mtu}});
}

base::Result<Request> parse_request(std::string_view text) try {
  const json document = TRY(parse_object(text));
  const auto member = [&document](const char* key) { return document.value(key, std::string()); };
  Request request;
  const auto verb = parse_verb(member("verb"));
  if (!verb || *verb == Verb::kVersion) return base::Error{EPROTO, "verb: must be ADD, DEL, CHECK or STATUS"};
  request.verb = *verb;
  if (*verb == Verb::kStatus) return request;
  request.container_id = member("containerId");
  TRY_IN(check_container_id(request.container_id), "containerId");
  request.ifname = member("ifname");
  TRY_IN(check_ifname(request.ifname), "ifname");
  request.netns_path = member("netns");
  TRY(check_plain_text("netns", request.netns_path));
  request.pod_namespace = member("podNamespace");
  TRY(check_plain_text("podNamespace", request.pod_namespace));
  request.pod_name = member("podName");
  TRY(check_plain_text("podName", request.pod_name));
  request.pod_uid = member("podUid");
  TRY(check_plain_text("podUid", request.pod_uid));
  request.host_ports = TRY(parse_port_mappings(document.value("portMappings", json())));
  return request;
} catch (const json::exception& wrong) {
  return base::Error{EPROTO, std::string("request: ") + wrong.what()};
}

base::Result<Reply> parse_reply(std::string_view text) try {
  const json document = TRY(parse_object(text));
  Reply reply;
  if (const auto error = document.find("error"); error != document.end()) {
    reply.failure = Failure{static_cast<Code>(TRY_IN(uint32_of(error->at("code")), "reply: error.code")),
                            error->at("msg").get<std::string>(), error->value("details", std::string())};
    return reply;
  }
  Attachment& attachment = reply.attachment;
  attachment.host_link = document.at("hostLink").get<std::string>();
  attachment.host_mac = document.at("hostMac").get<std::string>();
  attachment.pod_mac = document.at("podMac").get<std::string>();
  attachment.mtu = TRY_IN(uint32_of(document.at("mtu")), "reply: mtu");
  attachment.addresses = TRY_IN(ips_of(document.at("addresses")), "reply: addresses");
  attachment.gateways = TRY_IN(ips_of(document.at("gateways")), "reply: gateways");
  return reply;
} catch (const json::exception& wrong) {
  return base::Error{EPROTO, std::string("reply: ") + wrong.what()};
}

}  // namespace io::cni
