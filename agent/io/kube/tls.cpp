#include "io/kube/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <vector>

#include "base/ip.h"
#include "base/text.h"

namespace io::kube::tls {
namespace {

using Memory = std::unique_ptr<BIO, Releaser<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY_free>>;

// No configuration of the host's: it could load providers that a static binary cannot, or weaken what is set here.
void initialize() { OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr); }

Memory reader(const std::string& text) { return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// Without it, OpenSSL would ask on the terminal.
int no_password(char*, int, int, void*) { return -1; }

base::Result<std::vector<Certificate>> read_certificates(const std::string& pem) {
  std::vector<Certificate> certificates;
  const Memory source = reader(pem);
  while (X509* certificate = PEM_read_bio_X509(source.get(), nullptr, no_password, nullptr)) certificates.emplace_back(certificate);
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = last_reason();
  if (!ended) return base::Error{EINVAL, "is not a PEM certificate: " + reason};
  if (certificates.empty()) return base::Error{EINVAL, "holds no PEM certificate"};
  return certificates;
}

base::Result<void> trust(SSL_CTX* context, const std::string& pem) {
  const auto authorities = TRY(read_certificates(pem));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const auto& authority : authorities)
    if (X509_STORE_add_cert(store, authority.get()) != 1) return base::Error{EINVAL, last_reason()};
  // Like every other client of Kubernetes: an intermediate that is named as the authority is the end of the chain.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

base::Result<void> use_certificate(SSL_CTX* context, const std::string& pem) {
  auto chain = TRY(read_certificates(pem));
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) return base::Error{EINVAL, last_reason()};
  for (size_t next = 1; next < chain.size(); ++next) {
    if (SSL_CTX_add1_chain_cert(context, chain[next].get()) != 1) return base::Error{EINVAL, last_reason()};
  }
  return {};
}

base::Result<void> use_key(SSL_CTX* context, const std::string& pem) {
  const Memory source = reader(pem);
  const Key key(PEM_read_bio_PrivateKey(source.get(), nullptr, no_password, nullptr));
  if (!key) return base::Error{EINVAL, "holds no PEM private key that is not encrypted: " + last_reason()};
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return base::Error{EINVAL, "does not belong to the client-certificate: " + last_reason()};
  return {};
}

std::string timestamp(const tm& utc) {
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

std::string timestamp(const ASN1_TIME* time) {
  tm utc{};
  return ASN1_TIME_to_tm(time, &utc) == 1 ? timestamp(utc) : "an unreadable date";
}

std::string names_of(const X509* certificate) {
  using Names = std::unique_ptr<GENERAL_NAMES, Releaser<GENERAL_NAMES_free>>;
  const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> texts;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    if (type != GEN_DNS && type != GEN_IPADD) continue;
    const std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)), static_cast<size_t>(ASN1_STRING_length(value)));
    base::Ip ip;
    if (type == GEN_IPADD && bytes.size() == 4) {
      ip.bytes[10] = ip.bytes[11] = 0xff;
      std::copy(bytes.begin(), bytes.end(), ip.bytes.begin() + 12);
    } else if (type == GEN_IPADD && bytes.size() == 16) {
      std::copy(bytes.begin(), bytes.end(), ip.bytes.begin());
    }
    texts.push_back(type == GEN_DNS ? bytes : base::to_string(ip));
  }
  return texts.empty() ? "nobody" : base::join(texts, ", ");
}

std::string subject_of(const X509* certificate) {
  const Memory text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ);
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(text.get(), &bytes);
  return {bytes, static_cast<size_t>(length)};
}

// The certificate that verification stopped at: not the server's own when a certificate above it is the one to blame.
int certificate_index() {
  static const int kIndex =
      SSL_get_ex_new_index(0, nullptr, nullptr, nullptr,
                           [](void*, void* certificate, CRYPTO_EX_DATA*, int, long, void*) { X509_free(static_cast<X509*>(certificate)); });
  return kIndex;
}

int remember_refused(int trusted, X509_STORE_CTX* verification) {
  if (trusted) return 1;
  auto* session = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  X509* refused = X509_STORE_CTX_get_current_cert(verification);
  if (refused && !SSL_get_ex_data(session, certificate_index()) && X509_up_ref(refused) == 1)
    SSL_set_ex_data(session, certificate_index(), refused);
  return 0;
}

}  // namespace

base::Result<Context> make_context(const Identity& identity) {
  initialize();
  Context context(SSL_CTX_new(TLS_client_method()));
  if (!context) return base::Error{ENOMEM, "TLS: " + last_reason()};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_passwd_cb(context.get(), no_password);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, remember_refused);
  TRY_IN(trust(context.get(), identity.authority), "certificate-authority");
  if (!identity.certificate.empty()) {
    TRY_IN(use_certificate(context.get(), identity.certificate), "client-certificate");
    TRY_IN(use_key(context.get(), identity.key), "client-key");
  }
  return context;
}

base::Result<void> expect_server(SSL* session, const std::string& name) {
  X509_VERIFY_PARAM* expected = SSL_get0_param(session);
  // As Go's clients do: the common name was never meant for this (RFC 6125 section 6.4.4).
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool address = base::parse_ip(name).has_value();
  const bool set = address ? X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1
                           : X509_VERIFY_PARAM_set1_host(expected, name.data(), name.size()) == 1 &&
                                 SSL_set_tlsext_host_name(session, name.c_str()) == 1;
  if (!set) return base::Error{EINVAL, "\"" + name + "\" cannot be a server's name: " + last_reason()};
  return {};
}

std::optional<base::Error> distrust(SSL* session, const std::string& name) {
  const long verdict = SSL_get_verify_result(session);
  if (verdict == X509_V_OK) return std::nullopt;
  const auto* refused = static_cast<const X509*>(SSL_get_ex_data(session, certificate_index()));
  const std::string reason = X509_verify_cert_error_string(verdict);
  if (!refused) return base::Error{EKEYREJECTED, "the server is not trusted: " + reason};
  const std::string whose = "the server's certificate (" + subject_of(refused) + ") ";
  if (verdict == X509_V_ERR_CERT_NOT_YET_VALID || verdict == X509_V_ERR_CERT_HAS_EXPIRED)
    return base::Error{EKEYEXPIRED, whose + "is " + outside_validity(refused)};
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
    return base::Error{EKEYREJECTED, whose + "is for " + names_of(refused) + ", not for " + name};
  return base::Error{EKEYREJECTED, whose + "is not trusted by the kubeconfig's certificate-authority: " + reason};
}

std::string outside_validity(const X509* certificate) {
  const ASN1_TIME* first = X509_get0_notBefore(certificate);
  const ASN1_TIME* last = X509_get0_notAfter(certificate);
  const time_t now = std::time(nullptr);
  const bool early = ASN1_TIME_cmp_time_t(first, now) == 1;
  const bool late = ASN1_TIME_cmp_time_t(last, now) == -1;
  if (!early && !late) return "";
  tm utc{};
  gmtime_r(&now, &utc);
  return "valid from " + timestamp(first) + " to " + timestamp(last) + ", but the system time is " + timestamp(utc) +
         (early ? ": the clock looks wrong" : ": it has expired, or the clock looks wrong");
}

std::string last_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "error " + std::to_string(code);
}

}  // namespace io::kube::tls
