// A TLS server that says byte by byte what a test wants, on 127.0.0.1 and a free port; each connection is a thread.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "support/certificates.h"

namespace support {

struct TlsServerSettings {
  Issued identity;
  std::string client_authority = {};  // PEM: clients must have a certificate of its; "": they are not asked
  int oldest = TLS1_2_VERSION;
  int newest = TLS1_3_VERSION;
  bool plain_tcp = false;  // accepts and then says nothing
};

// One connection, from the server's side. What fails ends it.
class Conversation {
 public:
  explicit Conversation(SSL* session) : session_(session) {}

  std::optional<std::string> request();  // head and body of the next one
  void say(const std::string& bytes);
  void say_goodbye() { SSL_shutdown(session_); }  // else the connection is cut
  void wait_for_the_client();                     // until it hangs up
  std::string server_name() const;                // SNI, "" without
  std::string client_name() const;                // common name, "" without a certificate
  std::string version() const { return SSL_get_version(session_); }

 private:
  SSL* session_;
};

class TlsServer {
 public:
  using Script = std::function<void(Conversation&)>;

  TlsServer(TlsServerSettings settings, Script script);
  TlsServer(const TlsServer&) = delete;
  ~TlsServer();

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int accepted() const { return accepted_; }

 private:
  void accept_all();
  void serve(base::Fd socket);

  TlsServerSettings settings_;
  Script script_;
  SSL_CTX* context_;
  base::Fd listener_;
  int port_ = 0;
  std::atomic<int> accepted_{0};
  std::mutex mutex_;
  bool closing_ = false;
  std::set<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

std::string answer(const std::string& body, const std::string& status = "200 OK", const std::string& fields = "");
std::string chunk(const std::string& bytes);

}  // namespace support
