#include "io/kernel/netns.h"

#include <fcntl.h>
#include <sched.h>

#include <cstdlib>

#include "base/thread.h"

namespace io::kernel {

base::Result<base::Fd> open_own_netns() {
  base::Fd fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd) return base::errno_error("/proc/thread-self/ns/net");
  return fd;
}

base::Result<base::Fd> make_netns() {
  base::Result<base::Fd> made = base::Error{};
  base::Thread own;
  TRY(own.start([&made] {
    if (unshare(CLONE_NEWNET) == 0)
      made = open_own_netns();
    else
      made = base::errno_error("a new network namespace");
  }));
  own.join();
  return made;
}

base::Result<NetnsVisit> NetnsVisit::enter(int netns_fd) {
  base::Fd home = TRY(open_own_netns());
  if (setns(netns_fd, CLONE_NEWNET) != 0) return base::errno_error("enter network namespace");
  return NetnsVisit(std::move(home));
}

NetnsVisit::~NetnsVisit() {
  if (home_ && setns(home_.get(), CLONE_NEWNET) != 0) std::abort();
}

}  // namespace io::kernel
