// What still talks to a UDP backend that its Service no longer has: sockets of this node's network namespaces that are connected to it
// by the Service, and flows from outside. Cut off, both choose anew: the application's next call fails (ECONNABORTED or EDESTADDRREQ),
// as it does when a server answers that nobody listens, and the next packet opens a flow.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "abi/gone_backends.h"
#include "base/fd.h"
#include "io/kernel/bpf_object.h"

namespace io::kernel {

class StalePeers {
 public:
  // Files that are network namespaces; they may be gone by the time they are opened.
  using NetnsPaths = std::function<std::vector<std::string>()>;

  // Loads bpf/on_demand against the maps that are pinned now; ENOENT: there are none. Takes some 30 ms.
  static base::Result<StalePeers> load(const std::string& bpf_root);

  bool finds_namespaces() const { return static_cast<bool>(find_sockets_); }

  // Of backends that left some set. Only namespaces that have such sockets are entered, by the calling thread, or all where the kernel
  // takes no iterator over socket storage; those that are no file of these are passed by. One that fails, the last of them in the error,
  // hinders no other.
  base::Result<void> cut_off(const std::vector<gone_backend>& gone, const NetnsPaths& netns_paths);

 private:
  StalePeers() = default;
  base::Result<void> cut_off_listed(const NetnsPaths& netns_paths);

  BpfObject object_;
  base::Fd find_sockets_, close_sockets_;  // links of iterators; the first may be missing
};

}  // namespace io::kernel
