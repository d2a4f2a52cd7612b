#include "model/desired/cni_conflist.h"

#include <cstdio>

namespace model::desired {

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[7];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

std::string cni_socket_path(const std::string& run_dir) { return run_dir + "/agent.sock"; }
std::string cni_queue_path(const std::string& state_dir) { return state_dir + "/cni-deletions"; }

// cniVersion stays 1.0.0 because containerd 1.6 refuses a conf of 1.1.0; newer runtimes choose from cniVersions.
std::string cni_conflist(const std::string& run_dir, const std::string& state_dir) {
  return "{\n"
         "  \"cniVersion\": \"1.0.0\",\n"
         "  \"cniVersions\": [\"0.3.1\", \"1.0.0\", \"1.1.0\"],\n"
         "  \"name\": \"ichor\",\n"
         "  \"disableGC\": true,\n"
         "  \"plugins\": [\n"
         "    {\n"
         "      \"type\": \"ichor-cni\",\n"
         "      \"capabilities\": {\"portMappings\": true},\n"
         "      \"socket\": " +
         quoted(cni_socket_path(run_dir)) +
         ",\n"
         "      \"queue\": " +
         quoted(cni_queue_path(state_dir)) +
         "\n"
         "    }\n"
         "  ]\n"
         "}\n";
}

}  // namespace model::desired
