#include "io/cni/socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstdio>

#include "io/cni/message.h"

namespace io::cni {

namespace {

constexpr int kBacklog = 1024;
constexpr size_t kMaxDescriptors = 8;  // the kernel closes those beyond

base::Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return base::Error{ENAMETOOLONG, path + ": a socket's path has at most 107 bytes"};
  path.copy(address.sun_path, path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

}  // namespace

base::Result<base::Fd> listen_at(const std::string& path) {
  // Bound and listening under another name first: whoever finds the socket finds it answering.
  const std::string fresh = path + ".new";
  const sockaddr_un address = TRY(address_of(fresh));
  base::Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return base::errno_error("control socket");
  ::unlink(fresh.c_str());
  // The socket's mode before bind() is the file's.
  if (::fchmod(socket.get(), 0600) != 0 || ::bind(socket.get(), generic(address), sizeof address) != 0 ||
      ::listen(socket.get(), kBacklog) != 0 || std::rename(fresh.c_str(), path.c_str()) != 0)
    return base::errno_error(path);
  return socket;
}

base::Result<base::Fd> connect_to(const std::string& path, base::Millis timeout) {
  const sockaddr_un address = TRY(address_of(path));
  base::Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) return base::errno_error("control socket");
  const timeval wait{.tv_sec = timeout.count() / 1000, .tv_usec = timeout.count() % 1000 * 1000};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0 ||
      ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0)
    return base::errno_error(path);
  if (::connect(socket.get(), generic(address), sizeof address) != 0) return base::errno_error(path);
  return socket;
}

base::Result<void> send_message(int socket, std::string_view text, int descriptor) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  if (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) return base::errno_error("control socket: send");
  return {};
}

base::Result<Received> receive_message(int socket) {
  Received received;
  received.text.resize(kMaxMessage);
  iovec part{received.text.data(), received.text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxDescriptors * sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t length = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (length < 0) return base::errno_error("control socket: receive");
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(header) + i * sizeof descriptor, sizeof descriptor);
      received.descriptors.emplace_back(descriptor);
    }
  }
  if (length == 0) return base::Error{ECONNRESET, "control socket: closed by the other end"};
  received.too_long = message.msg_flags & MSG_TRUNC;
  received.text.resize(static_cast<size_t>(length));
  return received;
}

}  // namespace io::cni
