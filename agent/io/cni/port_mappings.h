// Lists of host ports as JSON, in the form of the capability portMappings (CNI conventions): on the runtime's stdin, over the control
// socket and in a sandbox's record.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "base/result.h"
#include "model/host/host_port.h"

namespace io::cni {

// Entries without a hostPort ask for nothing. EINVAL names the entry and its key.
base::Result<std::vector<model::HostPort>> parse_port_mappings(const nlohmann::json& list);
nlohmann::json port_mappings(const std::vector<model::HostPort>& ports);

}  // namespace io::cni
