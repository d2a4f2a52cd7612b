#include "support/tls_server.h"

#include <netinet/in.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdlib>

namespace support {
namespace {

template <class Read>
auto from_pem(const std::string& text, Read read) {
  BIO* memory = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  auto* object = read(memory, nullptr, nullptr, nullptr);
  BIO_free(memory);
  return object;
}

SSL_CTX* make_context(const TlsServerSettings& settings) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (settings.oldest < TLS1_2_VERSION) SSL_CTX_set_cipher_list(context, "DEFAULT@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context, settings.oldest);
  SSL_CTX_set_max_proto_version(context, settings.newest);
  X509* certificate = from_pem(settings.identity.certificate, PEM_read_bio_X509);
  EVP_PKEY* key = from_pem(settings.identity.key, PEM_read_bio_PrivateKey);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!settings.client_authority.empty()) {
    X509* authority = from_pem(settings.client_authority, PEM_read_bio_X509);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
    X509_free(authority);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

}  // namespace

std::optional<std::string> Conversation::request() {
  std::string text;
  size_t whole = std::string::npos;
  char byte = 0;
  while (text.size() < whole && SSL_read(session_, &byte, 1) == 1) {
    text += byte;
    if (whole != std::string::npos || !text.ends_with("\r\n\r\n")) continue;
    const std::string field = "\r\nContent-Length: ";
    const size_t length = text.find(field);
    whole = text.size() + (length == std::string::npos ? 0 : std::strtoul(text.c_str() + length + field.size(), nullptr, 10));
  }
  if (text.size() != whole) return std::nullopt;
  return text;
}

void Conversation::say(const std::string& bytes) {
  if (!bytes.empty()) SSL_write(session_, bytes.data(), static_cast<int>(bytes.size()));
}

void Conversation::wait_for_the_client() {
  char byte = 0;
  while (SSL_read(session_, &byte, 1) == 1) {
  }
}

std::string Conversation::server_name() const {
  const char* name = SSL_get_servername(session_, TLSEXT_NAMETYPE_host_name);
  return name ? name : "";
}

std::string Conversation::client_name() const {
  const X509* certificate = SSL_get0_peer_certificate(session_);
  char name[256] = "";
  if (certificate) X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return name;
}

TlsServer::TlsServer(TlsServerSettings settings, Script script)
    : settings_(std::move(settings)), script_(std::move(script)), context_(make_context(settings_)) {
  listener_ = base::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, length) != 0 || ::listen(listener_.get(), 16) != 0) abort();
  ::getsockname(listener_.get(), generic, &length);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TlsServer::~TlsServer() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
  }
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
  SSL_CTX_free(context_);
}

void TlsServer::accept_all() {
  for (;;) {
    base::Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::lock_guard lock(mutex_);
    if (!socket || closing_) return;
    ++accepted_;
    open_.insert(socket.get());
    threads_.emplace_back([this, socket = std::move(socket)]() mutable { serve(std::move(socket)); });
  }
}

void TlsServer::serve(base::Fd socket) {
  sigset_t broken_pipe;  // of this server's own writes; a client that raises it must still fail
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  SSL* session = SSL_new(context_);
  SSL_set_fd(session, socket.get());
  if (settings_.plain_tcp) {
    char byte = 0;
    while (::recv(socket.get(), &byte, 1, 0) == 1) {
    }
  } else if (SSL_accept(session) == 1) {
    Conversation conversation(session);
    script_(conversation);
  }
  SSL_free(session);
  const std::lock_guard lock(mutex_);
  open_.erase(socket.get());
  base::Fd closed = std::move(socket);  // under the lock: its number may be another's at once
}

std::string answer(const std::string& body, const std::string& status, const std::string& fields) {
  return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chunk(const std::string& bytes) {
  char size[16];
  const auto end = std::to_chars(size, size + sizeof size, bytes.size(), 16).ptr;
  return std::string(size, end) + "\r\n" + bytes + "\r\n";
}

}  // namespace support
