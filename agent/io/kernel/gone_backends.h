// The thread that cuts off what talks to backends that have gone (io/kernel/stale_peers.h): beside the engine, since it enters
// namespaces and waits. What goes together is one look, however many they are; and each is looked for twice, as a call that had chosen
// its backend before it went may connect a moment later.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/mailbox.h"
#include "base/thread.h"
#include "io/kernel/stale_peers.h"

namespace io::kernel {

class GoneBackends {
 public:
  GoneBackends(std::string bpf_root, StalePeers::NetnsPaths netns_paths)
      : bpf_root_(std::move(bpf_root)), netns_paths_(std::move(netns_paths)) {}
  GoneBackends(const GoneBackends&) = delete;
  ~GoneBackends();

  // Does not wait. Without a thread, or on a kernel that does not take the programs, nothing is cut off: those sockets end as their
  // applications' own patience does. `check` says of each program whether the kernel takes it.
  void add(std::vector<gone_backend> gone);

 private:
  struct Message {
    std::vector<gone_backend> gone;
    bool stop = false;
  };
  void run();
  base::Result<void> look_for(const std::vector<gone_backend>& gone);

  std::string bpf_root_;
  StalePeers::NetnsPaths netns_paths_;
  base::Mailbox<Message> mailbox_;
  std::optional<StalePeers> peers_;
  uint64_t replacements_ = 0;  // of pins, when peers_ were loaded
  base::Thread thread_;
};

}  // namespace io::kernel
