// The files by which a node speaks to an API server, in a directory that ends with the test: authority, client certificate, kubeconfig.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "io/files/files.h"
#include "io/kube/client.h"
#include "support/certificates.h"
#include "support/temporary_directory.h"
#include "support/tls_server.h"

namespace support {

class KubeNode {
 public:
  explicit KubeNode(KeyKind kind = KeyKind::kEcdsa) : authority("kubernetes", kind), kind_(kind) {
    write("ca.crt", authority.pem());
    rotate("system:node:one");
  }

  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    const auto written = io::files::write_file(path(name), text);
    EXPECT_TRUE(written.ok());
  }
  // As the kubelet does: certificate and key in one file.
  void rotate(const std::string& common_name, long from = -3600, long until = 3600) {
    const Issued issued = authority.issue({common_name, {}, kind_, from, until});
    write("client.pem", issued.certificate + issued.key);
  }
  // `user` and `cluster`: further keys, each "key: value" with its own line end.
  void write_kubeconfig(const std::string& server, const std::string& user = kCertificate, const std::string& cluster = "") const {
    std::string text = "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts:\n- name: here\n  context: {cluster: c, user: u}\n";
    text += "clusters:\n- name: c\n  cluster:\n    server: " + server + "\n    certificate-authority: ca.crt\n" + indented(cluster);
    write("kubeconfig", text + "users:\n- name: u\n  user:\n" + indented(user));
  }
  std::unique_ptr<io::kube::Connection> connection(const std::string& host = "", uint16_t port = 0) const {
    return io::kube::make_connector({path("kubeconfig"), host, port})();
  }
  TlsServerSettings server_settings(const std::vector<std::string>& names = {"IP:127.0.0.1", "DNS:localhost"}) {
    return {authority.issue({"kube-apiserver", names, kind_}), authority.pem()};
  }

  static constexpr const char* kCertificate = "client-certificate: client.pem\nclient-key: client.pem\n";

  Authority authority;

 private:
  static std::string indented(const std::string& lines) {
    std::string text;
    for (size_t begin = 0, end = 0; begin < lines.size(); begin = end + 1) {
      end = lines.find('\n', begin);
      text += "    " + lines.substr(begin, end - begin) + "\n";
    }
    return text;
  }

  TemporaryDirectory directory_;
  KeyKind kind_;
};

}  // namespace support
