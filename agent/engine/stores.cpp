#include "engine/stores.h"

#include <filesystem>

#include "io/files/file_store.h"
#include "io/files/sandbox_records.h"
#include "io/http/metrics_listeners.h"
#include "io/kernel/attachments.h"
#include "io/kernel/datapath_object.h"
#include "io/kernel/direct_delivery.h"
#include "io/kernel/filters.h"
#include "io/kernel/gone_backends.h"
#include "io/kernel/map_sizes.h"
#include "io/kernel/masquerade_maps.h"
#include "io/kernel/neighbors.h"
#include "io/kernel/node_addresses.h"
#include "io/kernel/pod_entries.h"
#include "io/kernel/pod_links.h"
#include "io/kernel/routes.h"
#include "io/kernel/service_maps.h"
#include "io/kernel/source_ranges.h"
#include "io/kernel/sysctls.h"
#include "reconcile/service_stores.h"

namespace engine {
namespace {

// Where runtimes keep pods' namespaces, and where else records say that they are.
std::vector<std::string> netns_paths(const model::Identity& identity) {
  std::vector<std::string> paths;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/run/netns", ignored)) paths.push_back(entry.path());
  const auto recorded = io::files::SandboxRecords(identity.state_dir + "/sandboxes", identity.boot_id).read();
  if (recorded.ok())
    for (const auto& record : recorded->records) paths.push_back(record.identity.netns_path);
  return paths;
}

}  // namespace

reconcile::Stores kernel_stores(const model::Identity& identity, StatusStore statuses, io::http::HealthChecks::Answer health_answer,
                                io::http::Answer metrics_answer) {
  using namespace io::kernel;
  const std::string& root = identity.bpf_root;
  auto gone = std::make_shared<GoneBackends>(root, [identity] { return netns_paths(identity); });
  auto left = [gone](auto backends) { gone->add(std::move(backends)); };
  auto services = reconcile::service_stores(std::make_unique<PinnedServiceMaps>(root, std::move(left)), base::boot_now);
  return {std::make_unique<io::files::SandboxRecords>(identity.state_dir + "/sandboxes", identity.boot_id),
          std::make_unique<SysctlStore>(),
          std::make_unique<DatapathObjectStore>(root),
          std::make_unique<MapSizeStore>(root),
          std::make_unique<NodeAddressStore>(root),
          std::make_unique<DirectDeliveryStore>(root),
          std::make_unique<UnmasqueradedStore>(root),
          std::make_unique<MasqueradeSourceStore>(root),
          std::move(services.sets),
          std::make_unique<SourceRangeStore>(root),
          std::move(services.frontends),
          std::make_unique<AttachmentStore>(root),
          std::make_unique<PodLinkStore>(),
          std::make_unique<FilterStore>(root),
          std::make_unique<PodEntryStore>(root),
          std::make_unique<RouteStore>(),
          std::make_unique<NeighborStore>(),
          std::make_unique<io::http::HealthChecks>(std::move(health_answer)),
          std::make_unique<io::http::MetricsListeners>(std::move(metrics_answer)),
          std::make_unique<io::files::FileStore>(std::vector<std::string>{identity.cni_conf_dir + "/05-ichor.conflist"}),
          std::move(statuses)};
}

}  // namespace engine
