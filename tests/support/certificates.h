// Certificates for tests of TLS, made on the spot.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace support {

enum class KeyKind { kEcdsa, kRsa };  // P-256, 2048 bits

struct Issued {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

struct Wanted {
  std::string common_name;
  std::vector<std::string> names = {};  // subject alternative names: "DNS:localhost", "IP:127.0.0.1"
  KeyKind kind = KeyKind::kEcdsa;
  long from = -3600;  // seconds from now
  long until = 3600;
};

class Authority {
 public:
  explicit Authority(const std::string& common_name, KeyKind kind = KeyKind::kEcdsa);

  std::string pem() const;
  Issued issue(const Wanted& wanted);

 private:
  struct Free {
    void operator()(X509* owned) const { X509_free(owned); }
    void operator()(EVP_PKEY* owned) const { EVP_PKEY_free(owned); }
  };
  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
};

}  // namespace support
