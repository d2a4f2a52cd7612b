// A kubeconfig as far as an agent without a person can use one: which server, by which authority it is known, and as whom to speak to it.
// What would need another program, a proxy or a password is refused by name: never a connection of another kind than the file asks for.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace io::kube {

// A certificate, key or token: in a file that may change, or written down in the kubeconfig itself. Both empty: there is none.
struct Material {
  std::string file;     // as it can be opened
  std::string inlined;  // decoded

  bool present() const { return !file.empty() || !inlined.empty(); }
};

struct Kubeconfig {
  std::string host;  // a name, or an address without brackets
  uint16_t port = 443;
  std::string path;             // in front of each request's, "" without; has no slash at its end
  std::string tls_server_name;  // "": `host`
  Material authority;           // PEM, one certificate or more
  Material client_certificate;  // PEM, the chain's leaf first; with client_key or not at all
  Material client_key;          // PEM, not encrypted; may be the certificate's file
  Material token;
};

// YAML or JSON (kubectl's v1 Config). `path` is where it was read: relative names in it begin at its folder, and errors name it and the
// key.
base::Result<Kubeconfig> parse_kubeconfig(const std::string& text, const std::string& path);

}  // namespace io::kube
