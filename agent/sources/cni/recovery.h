// From what earlier agents left, on disk and in the kernel, to the sandboxes that go on. Absence of a record is not absence of a pod: a
// link that something leads to is kept, whoever made it, and only an ADD known to be unfinished is left to be taken away.
#pragma once

#include <vector>

#include "io/files/sandbox_records.h"
#include "io/kernel/found_pods.h"
#include "model/host/sandbox.h"

namespace sources::cni {

struct Remains {
  io::files::SandboxRecords::Content records;
  std::vector<model::Link> links;
  io::kernel::AddressesByLink addresses;
};

// Whether some link has no whole record, so that addresses are to be read.
bool has_unrecorded_links(const Remains& remains);
std::vector<model::Sandbox> sandboxes_kept(const Remains& remains);

}  // namespace sources::cni
