// The resources of the API server that an agent watches, with the selectors that keep away what it does not need.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sources::api_server {

struct Resource {
  std::string_view path;       // "/api/v1/services"
  std::string_view name;       // as kubectl and RBAC say it, with the API group: "endpointslices.discovery.k8s.io"
  std::string_view noun;       // of one object, for counting: "slice"
  bool of_one_proxy = false;   // only what this node's proxy serves
  bool planned = true;         // a planner reads such objects: without them there is nothing to plan by, nor to delete by
  bool own_node_only = false;  // spec.nodeName
};

// In the order of decode::ObjectRow: a resource's index is its kind's.
std::span<const Resource> resources();

// RFC 3986 section 2.1: all but unreserved characters.
std::string percent_encoded(std::string_view text);

// "PATH?SELECTORS&", or "PATH?" without: more parameters may follow. `proxy_name`: of Services that are served; "": those without.
std::string target_of(const Resource& resource, std::string_view node_name, std::string_view proxy_name);

}  // namespace sources::api_server
