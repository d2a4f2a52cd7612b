#include "sources/api_server/resources.h"

#include <cctype>

#include "sources/decode/objects.h"

namespace sources::api_server {

std::span<const Resource> resources() {
  static constexpr Resource kResources[] = {
      {"/api/v1/services", "services", "Service", true},
      {"/apis/discovery.k8s.io/v1/endpointslices", "endpointslices.discovery.k8s.io", "slice", true},
      {"/api/v1/nodes", "nodes", "Node"},
      {"/api/v1/pods", "pods", "own Pod", false, false, true},
      {"/api/v1/namespaces", "namespaces", "Namespace", false, false},
  };
  static_assert(std::size(kResources) == decode::kKindCount);
  return kResources;
}

std::string percent_encoded(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
      encoded += static_cast<char>(c);
    else
      encoded += {'%', kDigits[c >> 4], kDigits[c & 15]};
  }
  return encoded;
}

// What another proxy serves, or none (KEP-2447, KEP-4427). The slices of a Service carry its labels. An object that gets such a label
// leaves the selector, and the server tells that as its deletion.
std::string served(std::string_view proxy_name) {
  constexpr std::string_view kNoHeadless = "!service.kubernetes.io/headless,", kProxyName = "service.kubernetes.io/service-proxy-name";
  if (proxy_name.empty()) return std::string(kNoHeadless) + "!" + std::string(kProxyName);
  return std::string(kNoHeadless) + std::string(kProxyName) + "=" + std::string(proxy_name);
}

std::string target_of(const Resource& resource, std::string_view node_name, std::string_view proxy_name) {
  std::string target = std::string(resource.path) + "?";
  if (resource.of_one_proxy) target += "labelSelector=" + percent_encoded(served(proxy_name)) + "&";
  if (resource.own_node_only) target += "fieldSelector=" + percent_encoded("spec.nodeName=" + std::string(node_name)) + "&";
  return target;
}

}  // namespace sources::api_server
