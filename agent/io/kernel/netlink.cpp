#include "io/kernel/netlink.h"

#include <netlink/attr.h>
#include <sys/socket.h>

#include <cstdlib>

namespace io::kernel {
namespace {

constexpr size_t kDatagramBytes = size_t{32} << 10;  // the most that the kernel puts into one of a dump
constexpr int kEventBufferBytes = 4 * 1024 * 1024;   // of the socket: a node's worth of changes at once
constexpr int kDumpAttempts = 20;

base::Error kernel_error(const nlmsghdr* message) {
  const auto* answer = static_cast<const nlmsgerr*>(nlmsg_data(message));
  int code = -answer->error;
  std::string text = std::strerror(code);
  if (message->nlmsg_flags & NLM_F_ACK_TLVS) {  // NETLINK_CAP_ACK: no copy of the request lies between
    int remaining = nlmsg_datalen(message) - static_cast<int>(sizeof *answer);
    auto* first = reinterpret_cast<nlattr*>(const_cast<nlmsgerr*>(answer) + 1);
    if (const nlattr* words = nla_find(first, remaining, NLMSGERR_ATTR_MSG)) {
      text += std::string(" (") + nla_get_string(const_cast<nlattr*>(words)) + ")";
    }
  }
  return base::Error{code, text};
}

base::Result<void> set_option(int fd, int level, int option, int value, const char* name) {
  if (setsockopt(fd, level, option, &value, sizeof value) == 0) return {};
  return base::errno_error(std::string("netlink socket option ") + name);
}

}  // namespace

Message::Message(uint16_t type, uint16_t flags) : message_(nlmsg_alloc_simple(type, NLM_F_REQUEST | flags)) {
  if (!message_) std::abort();
}

Message& Message::append(const void* bytes, size_t size) {
  if (nlmsg_append(message_.get(), const_cast<void*>(bytes), size, NLMSG_ALIGNTO) < 0) std::abort();
  return *this;
}

Message& Message::put(int attribute, const void* bytes, size_t size) {
  if (nla_put(message_.get(), attribute, static_cast<int>(size), bytes) < 0) std::abort();
  return *this;
}

Message& Message::put(int attribute, const std::string& text) { return put(attribute, text.c_str(), text.size() + 1); }

Message& Message::put(int attribute, const base::Ip& ip) {
  size_t width = ip.width() / 8;
  return put(attribute, ip.bytes.data() + ip.bytes.size() - width, width);
}

Message& Message::open(int attribute) {
  nlattr* start = nla_nest_start(message_.get(), attribute);
  if (!start) std::abort();
  nested_.push_back(start);
  return *this;
}

Message& Message::close() {
  // Unlike nla_nest_end, which cuts off what is empty: an empty part can be what is meant.
  nested_.back()->nla_len = static_cast<uint16_t>(static_cast<char*>(nlmsg_tail(get())) - reinterpret_cast<char*>(nested_.back()));
  nested_.pop_back();
  return *this;
}

base::Result<Netlink> Netlink::open(const std::vector<int>& groups, int protocol) {
  base::Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd) return base::errno_error("netlink socket");
  TRY(set_option(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, 1, "EXT_ACK"));
  TRY(set_option(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, 1, "CAP_ACK"));
  TRY(set_option(fd.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1, "GET_STRICT_CHK"));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) return base::errno_error("netlink bind");
  if (!groups.empty()) {
    TRY(set_option(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, kEventBufferBytes, "RCVBUFFORCE"));
  }
  for (int group : groups) {
    TRY(set_option(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group, "ADD_MEMBERSHIP"));
  }
  Netlink netlink(std::move(fd));
  netlink.buffer_.resize(kDatagramBytes);
  return netlink;
}

base::Result<void> Netlink::send(const Message& message, uint16_t flags) {
  nlmsghdr* header = message.get();
  header->nlmsg_flags |= flags;
  header->nlmsg_seq = ++sequence_;
  header->nlmsg_pid = 0;
  while (::send(fd_.get(), header, header->nlmsg_len, 0) < 0) {
    if (errno != EINTR) return base::errno_error("netlink send");
  }
  return {};
}

base::Result<size_t> Netlink::read(int flags) {
  while (true) {
    ssize_t size = recv(fd_.get(), buffer_.data(), buffer_.size(), flags | MSG_TRUNC);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return base::errno_error("netlink receive");
    if (static_cast<size_t>(size) > buffer_.size()) return base::system_error(EMSGSIZE, "netlink receive");
    return static_cast<size_t>(size);
  }
}

base::Result<bool> Netlink::take_answer(size_t size, const MessageReader& reader, bool& interrupted) {
  int remaining = static_cast<int>(size);
  for (auto* message = reinterpret_cast<nlmsghdr*>(buffer_.data()); nlmsg_ok(message, remaining);
       message = nlmsg_next(message, &remaining)) {
    if (message->nlmsg_seq != sequence_) continue;  // the rest of an answer that was given up
    if (message->nlmsg_flags & NLM_F_DUMP_INTR) interrupted = true;
    if (message->nlmsg_type == NLMSG_ERROR) {
      if (static_cast<nlmsgerr*>(nlmsg_data(message))->error != 0) return kernel_error(message);
      return true;
    }
    if (message->nlmsg_type == NLMSG_DONE) {
      int code = nlmsg_datalen(message) >= 4 ? *static_cast<int*>(nlmsg_data(message)) : 0;
      if (code < 0) return base::Error{-code, std::strerror(-code)};
      return true;
    }
    if (reader) reader(message);
  }
  return false;
}

base::Result<void> Netlink::request(const Message& message, const MessageReader& reader) {
  TRY(send(message, NLM_F_ACK));
  bool interrupted = false;
  while (!TRY(take_answer(TRY(read(0)), reader, interrupted))) {
  }
  return {};
}

base::Result<bool> Netlink::dump_once(const Message& message, const MessageReader& reader) {
  TRY(send(message, NLM_F_DUMP));
  bool interrupted = false;
  while (!TRY(take_answer(TRY(read(0)), reader, interrupted))) {
  }
  return !interrupted;
}

base::Result<void> Netlink::dump(const Message& message, const MessageReader& reader) {
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    std::vector<std::string> kept;
    auto keep = [&kept](nlmsghdr* row) { kept.emplace_back(reinterpret_cast<char*>(row), row->nlmsg_len); };
    if (!TRY(dump_once(message, keep))) continue;
    for (auto& row : kept) reader(reinterpret_cast<nlmsghdr*>(row.data()));
    return {};
  }
  return base::system_error(EAGAIN, "netlink dump was interrupted by changes again and again");
}

base::Result<void> Netlink::receive(const MessageReader& reader) {
  while (true) {
    auto size = read(MSG_DONTWAIT);
    if (!size && (size.error().code == EAGAIN || size.error().code == EWOULDBLOCK)) return {};
    if (!size) return size.error();
    int remaining = static_cast<int>(*size);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer_.data()); nlmsg_ok(message, remaining);
         message = nlmsg_next(message, &remaining)) {
      reader(message);
    }
  }
}

bool is_absent(const base::Error& error) { return error.code == EPROTONOSUPPORT || error.code == EINVAL || error.code == EOPNOTSUPP; }

base::Result<Netlink*> NetlinkOnDemand::get() {
  if (!netlink_) netlink_.emplace(TRY(Netlink::open()));
  return &*netlink_;
}

}  // namespace io::kernel
