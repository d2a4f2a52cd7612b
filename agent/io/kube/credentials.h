// A kubeconfig and the files it names, read again when one of them changed: the kubelet rotates its certificate, and a token ends
// with its hour. Used by one thread.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

#include "base/result.h"
#include "io/kube/kubeconfig.h"
#include "io/kube/tls.h"

namespace io::kube {

class Credentials {
 public:
  explicit Credentials(std::string kubeconfig) : path_(std::move(kubeconfig)) {}

  // True when they are others than before. An error names the file and the key; ENOENT means that it is to be waited for: the kubelet
  // writes its kubeconfig before it has a certificate. What was read before is gone then.
  base::Result<bool> refresh();
  // refresh() will read everything, changed or not.
  void forget() { seen_.clear(); }

  // Of the last refresh() that was good.
  const Kubeconfig& config() const { return config_; }
  SSL_CTX* context() const { return context_.get(); }
  const std::string& token() const { return token_; }  // "" without
  // "the client certificate FILE is valid from ...", or "" without one or inside its dates.
  std::string own_validity() const;

 private:
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    int64_t changed_ns = 0;  // its content, since the epoch

    bool operator==(const Identity&) const = default;
  };

  static base::Result<Identity> identify(const std::string& file);
  bool unchanged() const;
  base::Result<std::string> read_watched(const std::string& file, const std::string& what);
  base::Result<std::string> text_of(const Material& material, const std::string& key);
  base::Result<void> read_all();

  std::string path_;
  std::map<std::string, Identity> seen_;
  Kubeconfig config_;
  tls::Context context_;
  std::string token_;
};

}  // namespace io::kube
