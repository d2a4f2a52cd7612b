#include "io/kube/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>

namespace io::kube {
namespace {

using namespace std::chrono_literals;

constexpr base::Millis kConnect = 5s;
constexpr base::Millis kHandshake = 10s;
// A peer that is gone without a word is noticed after half a minute, whoever is to speak next.
constexpr int kKeepAliveIdle = 15;     // seconds
constexpr int kKeepAliveInterval = 5;  // seconds
constexpr int kKeepAliveProbes = 3;
constexpr int kUserTimeout = 30'000;  // milliseconds of bytes sent and not acknowledged (tcp(7))

// Until the socket is ready for `events`.
base::Result<void> wait_for(int socket, short events, const Stop& stop, base::BootTime until) {
  for (;;) {
    if (stop.requested()) return base::system_error(ECANCELED, "stopped");
    const base::Millis rest = until - base::boot_now();
    if (rest <= 0ms) return base::Error{ETIMEDOUT, "no answer in time"};
    pollfd polled[] = {{socket, events, 0}, {stop.fd(), POLLIN, 0}};
    if (::poll(polled, 2, static_cast<int>(rest.count())) < 0 && errno != EINTR) return base::errno_error("poll");
    if (polled[0].revents != 0) return {};
  }
}

int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

// OpenSSL's own socket BIO writes with write(2), and a peer that went away would kill the process by SIGPIPE.
int send_some(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(socket_of(bio), bytes, static_cast<size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int receive_some(BIO* bio, char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t received = ::recv(socket_of(bio), bytes, static_cast<size_t>(size), 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(received);
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* method() {
  static const std::unique_ptr<BIO_METHOD, tls::Releaser<BIO_meth_free>> kMethod = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    BIO_meth_set_write(made, send_some);
    BIO_meth_set_read(made, receive_some);
    BIO_meth_set_ctrl(made, control);
    return std::unique_ptr<BIO_METHOD, tls::Releaser<BIO_meth_free>>(made);
  }();
  return kMethod.get();
}

void set_option(int socket, int level, int option, int value) { ::setsockopt(socket, level, option, &value, sizeof value); }

base::Result<base::Fd> connect_to(const Peer& peer, const Stop& stop) {
  sockaddr_storage address{};
  if (peer.ip.is_v4()) {
    auto& to = reinterpret_cast<sockaddr_in&>(address);
    to.sin_family = AF_INET;
    to.sin_port = htons(peer.port);
    to.sin_addr.s_addr = peer.ip.v4_be();
  } else {
    auto& to = reinterpret_cast<sockaddr_in6&>(address);
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(peer.port);
    std::copy(peer.ip.bytes.begin(), peer.ip.bytes.end(), to.sin6_addr.s6_addr);
  }
  base::Fd socket(::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return base::errno_error("socket");
  set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket.get(), IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle);
  set_option(socket.get(), IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
  set_option(socket.get(), IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
  set_option(socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeout);
  const socklen_t length = peer.ip.is_v4() ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0) return socket;
  if (errno != EINPROGRESS) return base::errno_error("connect");
  TRY_IN(wait_for(socket.get(), POLLOUT, stop, after(kConnect)), "connect");
  int failed = 0;
  socklen_t size = sizeof failed;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &failed, &size);
  if (failed != 0) return base::system_error(failed, "connect");
  return socket;
}

}  // namespace

Stop::Stop() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Stop::request() {
  requested_.store(true, std::memory_order_release);
  ::eventfd_write(event_.get(), 1);
}

Stream::Stream(base::Fd socket, tls::Session session, const Stop& stop)
    : socket_(std::move(socket)), session_(std::move(session)), stop_(&stop) {}

base::Result<Stream> Stream::open(const Peer& peer, SSL_CTX* context, const Stop& stop) {
  base::Fd socket = TRY(connect_to(peer, stop));
  tls::Session session(SSL_new(context));
  if (!session) return base::Error{ENOMEM, "TLS: " + tls::last_reason()};
  Stream stream(std::move(socket), std::move(session), stop);
  TRY(stream.shake_hands(peer.name));
  return stream;
}

base::Result<void> Stream::shake_hands(const std::string& name) {
  BIO* bio = BIO_new(method());
  // The pointer carries the descriptor: this object moves, so that nothing in it has an address to give.
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(socket_.get())));  // NOLINT(performance-no-int-to-ptr)
  BIO_set_init(bio, 1);
  SSL_set_bio(session_.get(), bio, bio);
  TRY(tls::expect_server(session_.get(), name));
  const base::BootTime until = after(kHandshake);
  for (;;) {
    ERR_clear_error();
    errno = 0;
    const int returned = SSL_connect(session_.get());
    if (returned == 1) return {};
    if (auto reason = tls::distrust(session_.get(), name)) return *reason;
    TRY_IN(wait(returned, until), "TLS handshake");
  }
}

// After a call that did not succeed: success when it is to be made again.
base::Result<void> Stream::wait(int returned, base::BootTime until) {
  const int failed = errno;
  switch (SSL_get_error(session_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return wait_for(socket_.get(), POLLIN, *stop_, until);
    case SSL_ERROR_WANT_WRITE:
      return wait_for(socket_.get(), POLLOUT, *stop_, until);
    case SSL_ERROR_ZERO_RETURN:
      return base::Error{EPIPE, "the server closed the connection"};
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      return failed ? base::system_error(failed, "connection lost") : base::Error{EPIPE, "the server went away"};
    default:
      return base::Error{EPROTO, tls::last_reason()};
  }
}

base::Result<size_t> Stream::read(char* to, size_t size, base::Millis silence) {
  const base::BootTime until = after(silence);
  for (;;) {
    if (stop_->requested()) return base::system_error(ECANCELED, "stopped");
    ERR_clear_error();
    errno = 0;
    size_t length = 0;
    const int returned = SSL_read_ex(session_.get(), to, size, &length);
    if (returned == 1) return length;
    if (SSL_get_error(session_.get(), returned) == SSL_ERROR_ZERO_RETURN) return size_t{0};
    TRY(wait(returned, until));
  }
}

base::Result<void> Stream::write(std::string_view bytes, base::Millis silence) {
  base::BootTime until = after(silence);
  while (!bytes.empty()) {
    if (stop_->requested()) return base::system_error(ECANCELED, "stopped");
    ERR_clear_error();
    errno = 0;
    size_t length = 0;
    const int returned = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &length);
    if (returned == 1) {
      bytes.remove_prefix(length);
      until = after(silence);
    } else if (const auto again = wait(returned, until); !again) {
      return last_words(again.error());
    }
  }
  return {};
}

// What could not be written is often answered by an alert that still waits to be read: it says more than the reset behind it.
base::Error Stream::last_words(const base::Error& error) {
  if (error.code != EPIPE && error.code != ECONNRESET) return error;
  ERR_clear_error();
  char byte = 0;
  size_t length = 0;
  const int returned = SSL_peek_ex(session_.get(), &byte, 1, &length);
  if (returned == 1 || SSL_get_error(session_.get(), returned) != SSL_ERROR_SSL) return error;
  return base::Error{EPROTO, tls::last_reason()};
}

bool Stream::idle() {
  ERR_clear_error();
  char byte = 0;
  size_t length = 0;
  const int returned = SSL_peek_ex(session_.get(), &byte, 1, &length);
  const bool nothing = returned != 1 && SSL_get_error(session_.get(), returned) == SSL_ERROR_WANT_READ;
  ERR_clear_error();
  return nothing;
}

void Stream::say_goodbye() {
  SSL_shutdown(session_.get());
  ERR_clear_error();
}

}  // namespace io::kube
