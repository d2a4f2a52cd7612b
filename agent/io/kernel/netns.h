// Network namespaces as file descriptors: a namespace lives as long as something holds it.
#pragma once

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"

namespace io::kernel {

// The calling thread's.
base::Result<base::Fd> open_own_netns();

// The kernel's number for it, as bpf_get_netns_cookie() gives it; never used again.
base::Result<uint64_t> own_netns_cookie();

// A new one that has no name and ends with its last descriptor. The calling thread stays where it is.
base::Result<base::Fd> make_netns();

// The calling thread is in another namespace as long as the visit lives. A thread that could not come back would work on the wrong
// network for ever, so that is an abort. Sockets opened during a visit stay in that namespace.
class NetnsVisit {
 public:
  static base::Result<NetnsVisit> enter(int netns_fd);
  NetnsVisit(NetnsVisit&&) = default;
  NetnsVisit& operator=(NetnsVisit&&) = delete;
  ~NetnsVisit();

 private:
  explicit NetnsVisit(base::Fd home) : home_(std::move(home)) {}
  base::Fd home_;
};

}  // namespace io::kernel
