#include "io/kube/credentials.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/text.h"
#include "io/files/files.h"

namespace io::kube {

base::Result<Credentials::Identity> Credentials::identify(const std::string& file) {
  struct stat found{};
  if (::stat(file.c_str(), &found) != 0) return base::errno_error(file);  // follows the link that the kubelet turns to the new certificate
  return Identity{found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec};
}

bool Credentials::unchanged() const {
  return !seen_.empty() && std::all_of(seen_.begin(), seen_.end(), [](const auto& file) {
    const auto now = identify(file.first);
    return now && *now == file.second;
  });
}

base::Result<bool> Credentials::refresh() {
  if (unchanged()) return false;
  seen_.clear();
  const auto read = read_all();
  if (read) return true;
  seen_.clear();
  return read.error();
}

// Its identity is taken first: a change while it is read is found by the next refresh().
base::Result<std::string> Credentials::read_watched(const std::string& file, const std::string& what) {
  const auto identity = identify(file);
  auto text = identity ? io::files::read_file(file) : base::Result<std::string>(identity.error());
  if (!text && text.error().code == ENOENT) return base::system_error(ENOENT, "waiting for " + file + " (" + what + ")");
  if (!text) return base::with_context(text.error(), what);
  seen_[file] = *identity;
  return text;
}

base::Result<std::string> Credentials::text_of(const Material& material, const std::string& key) {
  if (material.file.empty()) return material.inlined;
  const std::string text = TRY(read_watched(material.file, key + " of " + path_));
  if (base::trim(text).empty()) return base::Error{EINVAL, path_ + ": " + key + ": " + material.file + " is empty"};
  return text;
}

base::Result<void> Credentials::read_all() {
  Kubeconfig config = TRY(parse_kubeconfig(TRY(read_watched(path_, "kubeconfig")), path_));
  const std::string token(base::trim(TRY(text_of(config.token, "token"))));
  if (token.find_first_of(" \t\r\n") != std::string::npos) return base::Error{EINVAL, path_ + ": token: is more than one word"};
  tls::Identity identity;  // member by member: GCC 12 leaks those before a TRY that returns from the midst of an initializer
  identity.authority = TRY(text_of(config.authority, "certificate-authority"));
  identity.certificate = TRY(text_of(config.client_certificate, "client-certificate"));
  identity.key = TRY(text_of(config.client_key, "client-key"));
  auto context = tls::make_context(identity);
  if (!context) return base::with_context(context.error(), path_);
  config_ = std::move(config);
  context_ = std::move(*context);
  token_ = token;
  return {};
}

std::string Credentials::own_validity() const {
  const X509* own = context_ ? SSL_CTX_get0_certificate(context_.get()) : nullptr;
  const std::string validity = own ? tls::outside_validity(own) : "";
  if (validity.empty()) return "";
  const std::string& file = config_.client_certificate.file;
  return "the client certificate " + (file.empty() ? "in " + path_ : file) + " is " + validity;
}

}  // namespace io::kube
