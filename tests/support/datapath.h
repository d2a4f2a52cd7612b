// A datapath of a test's own: network and mount namespace, a bpffs at /sys/fs/bpf in it, and a cgroup. All of it ends with the test's
// process, however that ends. Needs root and a cgroup2 mount.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/fd.h"
#include "model/desired/rows.h"
#include "support/netns.h"

namespace support {

// Where a cgroup2 tree is mounted; empty: nowhere.
std::string cgroup2_mount();

// A cgroup of its own, with the whole process in it while it lives; a small process beside it removes it also after a crash.
class OwnCgroup {
 public:
  // Path empty: there is no cgroup2 tree to make one in.
  OwnCgroup();
  ~OwnCgroup();
  OwnCgroup(const OwnCgroup&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_, home_;
  base::Fd alive_;  // closed with this process
  pid_t remover_ = -1;
};

class DatapathTest : public NetnsTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // This executable's object with room for so many services, 4096 slots, 1024 backends and 256 pods.
  static model::desired::DatapathObject object_of(uint32_t services);
  // Pins that with room for 64 services.
  void load_datapath();
  // The same, with the socket programs on a cgroup of its own that the process is then in. Skips where there is no cgroup2 tree.
  void attach_sockets();
  uint64_t drops(uint32_t reason);  // enum drop_reason: counted so far

  const std::string bpf_root_ = "/sys/fs/bpf/ichor";
  std::optional<OwnCgroup> cgroup_;
};

// With the socket programs in force from the start.
class AttachedSocketsTest : public DatapathTest {
 protected:
  void SetUp() override;
};

}  // namespace support
