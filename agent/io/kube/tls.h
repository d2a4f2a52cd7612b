// OpenSSL, as far as a client of the API server needs it: owners for its objects, a context made of PEM text, and its reasons in words.
// Nothing of the machine's own is used: neither its certificate store nor openssl.cnf.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace io::kube::tls {

template <auto release>
struct Releaser {
  template <class T>
  void operator()(T* owned) const {
    release(owned);
  }
};
using Certificate = std::unique_ptr<X509, Releaser<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Releaser<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Releaser<SSL_free>>;

struct Identity {
  std::string authority;    // PEM
  std::string certificate;  // PEM, "" without
  std::string key;          // PEM
};

// TLS 1.2 and later, the server verified by the authority alone. An error's text begins with "certificate-authority: ",
// "client-certificate: " or "client-key: ".
base::Result<Context> make_context(const Identity& identity);

// Who the server must be: a DNS name, which is also what SNI says (RFC 6066 section 3), or an address, which SNI cannot say.
base::Result<void> expect_server(SSL* session, const std::string& name);

// Why the handshake did not trust the server. EKEYEXPIRED: outside of a certificate's dates, where the clock may be what is wrong;
// EKEYREJECTED: another name or authority. Nothing when trust was not the reason.
std::optional<base::Error> distrust(SSL* session, const std::string& name);

// "valid from 2026-01-02T03:04:05Z to 2027-01-02T03:04:05Z, but the system time is ...: the clock looks wrong", or "" inside its dates.
std::string outside_validity(const X509* certificate);

// The first reason in this thread's queue of OpenSSL, and empties it.
std::string last_reason();

}  // namespace io::kube::tls
