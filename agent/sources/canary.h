// The canary: proof by use that the datapath works. It asks, by ordinary rows, for a pod of its own and for a Service that it answers
// itself (model/canary.h), then connects to that Service from the host and from the pod's place, again and again: with sockets of a control
// group of its own beside the kubelet's pods, so that programs on the wrong group are seen. Nothing of it outlives the process but that
// group, after a crash: the pod's network namespace is held by a descriptor only, and the link goes with the namespace.
#pragma once

#include <string>

#include "base/result.h"
#include "io/kernel/polling_thread.h"
#include "model/fact_sink.h"

namespace sources {

class Canary {
 public:
  // `cgroup_root`: where the socket programs are.
  Canary(std::string cgroup_root, model::FactSink sink) : cgroup_root_(std::move(cgroup_root)), sink_(std::move(sink)) {}
  Canary(const Canary&) = delete;

  // On the calling thread's network as the host. Tells the Sandbox, the CanaryResult with who listens, and SourceStatus kCanary at
  // once, and from then on each change of the result.
  base::Result<void> start();

 private:
  std::string cgroup_root_;
  model::FactSink sink_;
  io::kernel::PollingThread thread_;
};

}  // namespace sources
