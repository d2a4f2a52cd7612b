// The control group of the canary's sockets: one of its own beside the kubelet's pods. Used by sources/canary only.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace sources {

class CanaryCgroup {
 public:
  explicit CanaryCgroup(std::string cgroup_root) : cgroup_root_(std::move(cgroup_root)) {}
  CanaryCgroup(const CanaryCgroup&) = delete;
  ~CanaryCgroup() { leave(); }

  // Looks for the pods' place, which the kubelet may have made since.
  base::Result<void> find();
  // Makes the group where that was found, if another agent has taken it away. After find().
  base::Result<void> open();
  int fd() const { return group_.get(); }

  // Why sockets of this group may be told apart from others: "" while a socket program of ichor's runs for them.
  std::string fault() const;

 private:
  void leave();

  std::string cgroup_root_, path_;
  base::Fd group_;
};

}  // namespace sources
