#include "io/cni/result.h"

#include <nlohmann/json.hpp>

namespace io::cni {

namespace {

using nlohmann::ordered_json;

// Text that came from outside need not be UTF-8; a result always is.
std::string rendered(const ordered_json& document) { return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string render_result(const Invocation& invocation, const Attachment& attachment) {
  const std::string& version = invocation.conf.version;
  ordered_json host = {{"name", attachment.host_link}}, pod = {{"name", invocation.ifname}};
  if (!attachment.host_mac.empty()) host["mac"] = attachment.host_mac;
  if (!attachment.pod_mac.empty()) pod["mac"] = attachment.pod_mac;
  if (version == "1.1.0" && attachment.mtu > 0) host["mtu"] = pod["mtu"] = attachment.mtu;
  pod["sandbox"] = invocation.netns;

  ordered_json ips = ordered_json::array(), routes = ordered_json::array();
  for (const base::Ip& address : attachment.addresses) {
    ordered_json ip;
    if (version.starts_with("0.")) ip["version"] = address.is_v4() ? "4" : "6";
    ip["address"] = base::to_string(base::host_cidr(address));
    ordered_json route = {{"dst", address.is_v4() ? "0.0.0.0/0" : "::/0"}};
    for (const base::Ip& gateway : attachment.gateways) {
      if (gateway.family() == address.family()) ip["gateway"] = route["gw"] = base::to_string(gateway);
    }
    ip["interface"] = 1;
    ips.push_back(std::move(ip));
    routes.push_back(std::move(route));
  }
  return rendered({{"cniVersion", version},
                   {"interfaces", ordered_json::array({std::move(host), std::move(pod)})},
                   {"ips", std::move(ips)},
                   {"routes", std::move(routes)},
                   {"dns", ordered_json::object()}});
}

std::string render_failure(std::string_view version, const Failure& failure) {
  ordered_json document = {{"cniVersion", version}, {"code", static_cast<uint32_t>(failure.code)}, {"msg", failure.msg}};
  if (!failure.details.empty()) document["details"] = failure.details;
  return rendered(document);
}

std::string render_versions(std::string_view version) { return rendered({{"cniVersion", version}, {"supportedVersions", kVersions}}); }

}  // namespace io::cni
