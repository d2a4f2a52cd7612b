// rtnetlink: building requests, sending them and waiting for the kernel's answer. Used by the stores of links, routes and
// neighbours and by sources/host. A socket belongs for ever to the network namespace in which its thread was when it opened it.
#pragma once

#include <linux/netlink.h>
#include <netlink/msg.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/ip.h"
#include "base/mac.h"
#include "base/result.h"

namespace io::kernel {

// One request under construction. Attributes must fit into 4096 bytes, which all of ichor's do; more is an abort.
class Message {
 public:
  Message(uint16_t type, uint16_t flags);

  template <class Fixed>
  Message& header(const Fixed& fixed) {
    return append(&fixed, sizeof fixed);
  }
  Message& put(int attribute, const void* bytes, size_t size);
  Message& put(int attribute, const std::string& text);  // with its terminating zero
  Message& put(int attribute, const base::Ip& ip);       // 4 or 16 bytes
  Message& put(int attribute, const base::Mac& mac) { return put(attribute, mac.bytes.data(), mac.bytes.size()); }
  Message& put_u8(int attribute, uint8_t value) { return put(attribute, &value, sizeof value); }
  Message& put_u32(int attribute, uint32_t value) { return put(attribute, &value, sizeof value); }
  Message& open(int attribute);  // what follows is nested in it, up to close()
  Message& close();
  Message& append(const void* bytes, size_t size);

  nlmsghdr* get() const { return nlmsg_hdr(message_.get()); }

 private:
  struct Free {
    void operator()(nl_msg* message) const { nlmsg_free(message); }
  };
  std::unique_ptr<nl_msg, Free> message_;
  std::vector<nlattr*> nested_;
};

using MessageReader = std::function<void(nlmsghdr*)>;

class Netlink {
 public:
  // In the calling thread's network namespace; groups are the protocol's numbers (RTNLGRP_*, NFNLGRP_*) of what to hear of.
  static base::Result<Netlink> open(const std::vector<int>& groups = {}, int protocol = NETLINK_ROUTE);

  // Sends and waits for the acknowledgement. Errors carry the kernel's errno and its own words; the caller adds what it was about.
  base::Result<void> request(const Message& message, const MessageReader& reader = {});
  // Sends a dump request; the reader sees a consistent dump once it is complete (an interrupted one is asked for again).
  base::Result<void> dump(const Message& message, const MessageReader& reader);
  // Sends a dump request once; the reader sees each row at once. False: changes came between, so that rows may be missing.
  base::Result<bool> dump_once(const Message& message, const MessageReader& reader);
  // Reads what has arrived from the groups without waiting. ENOBUFS: messages were lost, dump again.
  base::Result<void> receive(const MessageReader& reader);

  int fd() const { return fd_.get(); }

 private:
  explicit Netlink(base::Fd fd) : fd_(std::move(fd)) {}
  base::Result<void> send(const Message& message, uint16_t flags);
  base::Result<size_t> read(int flags);  // one datagram into buffer_
  // True when the datagram held the end of the answer.
  base::Result<bool> take_answer(size_t size, const MessageReader& reader, bool& interrupted);

  base::Fd fd_;
  uint32_t sequence_ = 0;
  std::vector<char> buffer_;
};

// The error of a socket or request whose protocol or subsystem (nfnetlink's, say) the kernel does not have.
bool is_absent(const base::Error& error);

// A socket opened when it is first needed, in the network namespace of the thread that needs it: what a store keeps.
class NetlinkOnDemand {
 public:
  base::Result<Netlink*> get();

 private:
  std::optional<Netlink> netlink_;
};

}  // namespace io::kernel
