// Pod links as they stand in the network namespace of the calling thread, and what leads to them: all that tells of a running pod when its
// record is lost. Read by sources/cni_requests; the reconciler's stores know each kind alone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "model/host/link.h"

namespace io::kernel {

// Links of ichor's (model/host/pod_link.h), of the kinds that pods have.
base::Result<std::vector<model::Link>> read_pod_links();

// By link's name, sorted, the addresses that ichor routes or delivers to it; a link without any is left out.
using AddressesByLink = std::map<std::string, std::vector<base::Ip>>;
base::Result<AddressesByLink> read_addresses_by_link(const std::string& bpf_root);

// Names of the pod links whose other end is in that namespace.
base::Result<std::vector<std::string>> read_pod_links_into(int netns);

}  // namespace io::kernel
