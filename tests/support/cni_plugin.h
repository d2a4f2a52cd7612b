// ichor-cni as a container runtime runs it: the built executable, the CNI variables and nothing else in its environment.
#pragma once

#include <string>
#include <vector>

namespace support {

struct CniCall {
  std::string command, container_id, netns, ifname, args;  // "": the variable is not set
  std::string conf;                                        // stdin
};
struct CniOutcome {
  int exit_code = -1;
  std::string output;  // stdout
};

CniOutcome run_cni(const std::string& executable, const CniCall& call);

// A conf as libcni hands it over; `extra` is further JSON members with a leading comma, or "".
std::string cni_conf(const std::string& directory, const std::string& version, const std::string& extra = "");

}  // namespace support
