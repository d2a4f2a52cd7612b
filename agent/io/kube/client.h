// The real connection to the API server: HTTP/1.1 over TLS, by a kubeconfig whose files are read again when they change.
#pragma once

#include <cstdint>
#include <string>

#include "io/kube/connection.h"

namespace io::kube {

struct ClientConfig {
  std::string kubeconfig;  // file
  std::string host;        // k8sServiceHost: instead of the kubeconfig's server; "" without. A name that the certificate must be for,
  uint16_t port = 0;       // k8sServicePort; 0: the kubeconfig's            unless the kubeconfig has tls-server-name
};

// Nothing is read before the first request, and each connection has credentials of its own, so that no two threads share any.
// A server is named by an address or as localhost, which is 127.0.0.1: no resolver is asked, there is none in a static binary.
// Beside those of Connection, errors have these codes: ENOENT a file of the credentials is not there yet, EINVAL the kubeconfig or a
// certificate is wrong, EKEYREJECTED the server is another than the one expected, EKEYEXPIRED a date of its certificate forbids it now.
Connector make_connector(ClientConfig config);

}  // namespace io::kube
