// One connection of the canary: from a socket to the Service and the greeting read, without ever blocking. Used by sources/canary only.
// The socket is used again and again: to make one costs a process, whose memory is copied page table by page table (29 ms at 100 MiB).
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace sources {

// The host tries the IPv4 hook, the pod the IPv6 one with a v4-mapped address, as dual-stack programs do; a kernel without IPv6 has one
// hook only. Of that control group and network namespace; `netns` -1: the caller's, the host.
base::Result<base::Fd> make_canary_socket(int cgroup, int netns);

class CanaryTry {
 public:
  // Begins to connect. `from` names the socket's place in errors, `greeting` is what must come.
  CanaryTry(std::string from, const base::Fd& socket, std::string greeting);
  CanaryTry(const CanaryTry&) = delete;
  ~CanaryTry();  // the socket is as new

  int fd() const { return outcome_ ? -1 : socket_; }  // -1: nothing to wait for
  short events() const;                               // for poll(2)
  void advance();                                     // after poll has seen one of them
  void give_up();                                     // time is up

  // The end: "" for success, else what failed.
  const std::optional<std::string>& outcome() const { return outcome_; }

 private:
  void fail(const std::string& what) { outcome_ = from_ + ": " + what; }
  void read_greeting();

  std::string from_, greeting_, received_;
  int socket_;
  bool connected_ = false;
  std::optional<std::string> outcome_;
};

}  // namespace sources
