// The node's own network, from rtnetlink: Link rows keyed by name, Address "LINK CIDR", HostRoute "TABLE DST via GW dev LINK metric N",
// HostNeighbor "LINK IP". A thread of its own listens; a burst of changes is one fact, and what was told before is not told again.
#pragma once

#include "base/result.h"
#include "io/kernel/polling_thread.h"
#include "model/fact_sink.h"

namespace sources {

class HostSource {
 public:
  explicit HostSource(model::FactSink sink) : sink_(std::move(sink)) {}
  HostSource(const HostSource&) = delete;

  // Listens in the calling thread's network namespace. The first fact holds everything and SourceStatus kHost.
  base::Result<void> start();

 private:
  model::FactSink sink_;
  io::kernel::PollingThread thread_;
};

// Everything there is now in the calling thread's network namespace, for who looks only once.
base::Result<model::Changes> read_host_once();

}  // namespace sources
