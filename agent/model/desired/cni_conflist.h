// The CNI conf that makes a runtime call ichor-cni: pure text, so that plan/ can ask for it as a File row. The paths in it are also
// where sources/cni_requests listens and looks.
#pragma once

#include <string>

namespace model::desired {

constexpr const char* kCniConflistName = "05-ichor.conflist";

std::string cni_socket_path(const std::string& run_dir);
std::string cni_queue_path(const std::string& state_dir);

// JSON text; both directories absolute. It holds all that the plugin needs beyond the CNI variables.
std::string cni_conflist(const std::string& run_dir, const std::string& state_dir);

}  // namespace model::desired
