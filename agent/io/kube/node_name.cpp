#include "io/kube/node_name.h"

#include <openssl/pem.h>

#include <algorithm>

#include "io/files/files.h"
#include "io/kube/kubeconfig.h"
#include "io/kube/tls.h"

namespace io::kube {
namespace {

constexpr std::string_view kNodePrefix = "system:node:";

using Bytes = std::unique_ptr<BIO, tls::Releaser<BIO_free_all>>;

base::Result<std::string> common_name(const std::string& pem, const std::string& place) {
  const Bytes bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const tls::Certificate certificate(PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr));
  if (!certificate) return base::Error{EINVAL, place + ": " + tls::last_reason()};
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return std::string();
  const ASN1_STRING* name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name)), static_cast<size_t>(ASN1_STRING_length(name)));
}

// RFC 1123 as Kubernetes takes it for a Node's name.
bool is_name(std::string_view name) {
  constexpr size_t kLongest = 253;
  return !name.empty() && name.size() <= kLongest && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

base::Result<std::string> name_in(const std::string& pem, const std::string& place) {
  const std::string name = TRY(common_name(pem, place));
  if (!name.starts_with(kNodePrefix)) return std::string();
  const std::string node = name.substr(kNodePrefix.size());
  if (!is_name(node)) return base::Error{EINVAL, place + ": the certificate's common name names no Node"};
  return node;
}

base::Result<std::string> read_awaited(const std::string& file) {
  auto text = files::read_file(file);
  if (!text && text.error().code == ENOENT) return base::system_error(ENOENT, "waiting for " + file);
  return text;
}

}  // namespace

base::Result<std::string> node_name_of(const std::string& kubeconfig, const std::string& certificate) {
  const auto text = read_awaited(kubeconfig);
  if (!text && text.error().code == ENOENT && !certificate.empty()) {
    const auto pem = files::read_file(certificate);
    if (pem) return name_in(*pem, certificate);
  }
  if (!text) return text.error();
  const Kubeconfig config = TRY(parse_kubeconfig(*text, kubeconfig));
  const Material& material = config.client_certificate;
  if (!material.present()) return std::string();
  if (material.file.empty()) return name_in(material.inlined, kubeconfig);
  return name_in(TRY(read_awaited(material.file)), material.file);
}

}  // namespace io::kube
