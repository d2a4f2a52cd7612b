// The verb run: lives of the engine, one after another, until a signal asks to stop; the datapath stays as it is. A life waits for its
// directories and the node's name, starts the sources and turns the loop. Nothing that the machine lacks ends the process.
#include <spdlog/spdlog.h>
#include <sys/sysinfo.h>

#include <algorithm>

#include "engine/core.h"
#include "engine/own_directories.h"
#include "engine/own_name.h"
#include "engine/starts.h"
#include "engine/startup.h"
#include "engine/stores.h"
#include "engine/waiting.h"
#include "io/files/files.h"
#include "io/kernel/bpf_object.h"
#include "io/kernel/capabilities.h"
#include "io/kernel/features.h"
#include "io/kernel/found_pods.h"
#include "io/kernel/netns.h"
#include "io/kernel/sysctls.h"
#include "plan/plan.h"
#include "sources/canary.h"
#include "sources/cni_requests.h"
#include "sources/host.h"
#include "sources/settings.h"
#include "sources/state_directory.h"
#include "status/health_answers.h"
#include "status/metrics.h"
#include "status/reporter.h"

namespace engine {
namespace {

struct Life {
  const Options& options;
  Process& process;
  OwnDirectories directories{options};
  std::string node_name = {};
  bool displaced = false;  // another agent holds one of the directories after all
};

// A directory that cannot be had at all is no reason to leave the node's Services as they are: it is tried again beside the loop.
bool wait_for_directories(Life& life) {
  auto attempt = [&life]() -> base::Result<void> {
    auto taken = life.directories.take();
    return taken.ok() || taken.error().code != EBUSY ? base::Result<void>() : taken;
  };
  return wait_for(life.process, {},
                  {"directories",
                   "this agent takes over when that one ends; two at once each need their own --run-dir, --bpf-root and "
                   "--state-dir",
                   attempt});
}

// `changes`: what is known already, to be shown.
bool wait_for_name(Life& life, const model::Changes& changes) {
  auto attempt = [&life]() -> base::Result<void> {
    life.node_name = TRY(own_name(life.options));
    return {};
  };
  Planning known({}, {});
  known.fold(changes);
  return wait_for(life.process, known.snapshot(),
                  {"node name", "the kubelet's client certificate tells it once it is there; --node-name tells it now", attempt});
}

// The credentials are of another node now. What is kept, watched and planned by is the old one's, so a new life begins; an exit would do
// the same but for the service manager's pause. Without credentials the old name stands: Talos deletes them when it renames a node.
bool renamed(const Life& life) {
  if (!life.options.manifests.empty()) return false;
  auto name = own_name(life.options);
  if (!name.ok() || *name == life.node_name) return false;
  spdlog::warn("agent: the credentials are of node {} and no longer of {}: beginning anew", *name, life.node_name);
  return true;
}

struct Parts {
  Life& life;
  Core& core;
  Starts& starts;
  sources::CniRequests& cni;
};

void tell_serving(Parts& parts, bool& was_serving) {
  auto serving = parts.core.serving();
  if (serving.ok() != was_serving)
    spdlog::info("cni: {}", serving.ok() ? "requests are served" : "requests are refused: " + serving.error().text);
  was_serving = serving.ok();
  parts.cni.set_serving(std::move(serving));
}

// False: asked to stop. True: another life is to begin.
bool turn(Parts parts) {
  auto& [life, core, starts, cni] = parts;
  bool slow_removals = false, was_serving = false;
  base::BootTime look_at_name = base::boot_now() + kTurnEvery;
  for (;;) {
    base::BootTime until = std::min(base::boot_now() + kTurnEvery, starts.next_try());
    if (auto wake = core.next_wake()) until = std::min(until, *wake);
    if (slow_removals) until = base::boot_now();
    auto messages = life.process.take(until);
    for (auto& message : messages) {
      if (!message) return false;
      core.fold(std::move(*message));
    }
    core.fold(starts.retry(base::boot_now()));
    if (life.displaced) return true;
    core.pass(base::boot_now());
    if (messages.empty() || !slow_removals) slow_removals = core.remove_slow(base::boot_now());
    life.process.cell().store(core.publish(base::boot_now()));
    tell_serving(parts, was_serving);
    if (base::boot_now() < look_at_name) continue;
    look_at_name = base::boot_now() + kTurnEvery;
    if (renamed(life)) return true;
  }
}

std::vector<sources::StateDirectory::PendingWrite> pending_writes(const Options& options, const StartSettings& settings) {
  if (!settings.fresh) return {};
  return {{"settings for the next start",
           [&options] { return sources::keep_settings(options.state_dir, options.config_files, options.sets); }}};
}

io::http::HealthChecks::Answer health_answer(Process& process) {
  return [&process](const model::desired::HealthCheck& check, const io::http::Request& request) {
    const auto published = process.cell().load();
    const auto health = status::proxy_health(published.get(), process.alive(), base::boot_now());
    return status::health_answer(check, request.path, health, std::time(nullptr));
  };
}

io::http::Answer metrics_answer(Process& process) {
  return [&process, answers = std::make_shared<status::MetricsAnswers>()](const io::http::Request& request) {
    return answers->answer(request, {process.cell().load(), process.alive(), base::boot_now(), process.use()});
  };
}

// As turn().
bool live(const Options& options, Process& process) {
  Life life{options, process};
  model::FactSink sink = process.begin_life();
  if (!wait_for_directories(life)) return false;
  status::Reporter reporter(options.run_dir, process.cell(), process.use());
  auto settings = start_settings(options);
  if (auto started = reporter.start(); !started.ok()) spdlog::warn("status: {}", started.error().text);
  if (!wait_for_name(life, settings.changes)) return false;
  spdlog::info("agent: node {}, programs {}", life.node_name, io::kernel::program_generation());

  auto identity = identity_of(options, life.node_name, settings.config);
  auto stores = kernel_stores(identity, status_store(options, settings.config, sink), health_answer(process), metrics_answer(process));
  Core core(identity, plan::features(), std::move(stores), process.started());
  core.fold(settings.changes);
  process.cell().store(core.publish(base::boot_now()));

  sources::CniRequests cni({options.run_dir, options.state_dir}, sources::CniRequests::kernel(options.bpf_root), sink);
  sources::StateDirectory state(options.state_dir, pending_writes(options, settings), sink);
  sources::HostSource host(sink);
  ObjectSource objects(options, life.node_name, settings.config, sink);
  sources::Canary canary(settings.config.cgroup_root, sink);
  Starts starts;
  starts.add("status", [&reporter] { return reporter.start(); });
  starts.add("cni", [&]() -> base::Result<void> {
    auto taken = life.directories.take();
    life.displaced = !taken.ok() && taken.error().code == EBUSY;
    TRY(std::move(taken));
    return cni.start();
  });
  starts.add("state directory", [&state] { return state.start(); });
  starts.add("host", [&host] { return host.start(); });
  starts.add("objects", [&objects] { return objects.start(); });
  starts.add("canary", [&canary] { return canary.start(); });
  return turn({life, core, starts, cni});
}

}  // namespace

model::Identity identity_of(const Options& options, const std::string& node_name, const model::Config& config) {
  struct sysinfo system;
  sysinfo(&system);
  model::Identity identity;
  identity.node_name = node_name;
  identity.bpf_root = options.bpf_root;
  identity.state_dir = options.state_dir;
  identity.run_dir = options.run_dir;
  identity.cni_conf_dir = options.cni_conf_dir;
  if (auto boot_id = io::files::boot_id(); boot_id.ok()) identity.boot_id = *boot_id;
  identity.program_generation = io::kernel::program_generation();
  identity.memory_bytes = uint64_t{system.totalram} * system.mem_unit;
  if (auto ports = io::kernel::read_local_ports(); ports.ok()) identity.local_ports = *ports;
  if (auto netns = io::kernel::own_netns_cookie(); netns.ok()) identity.host_netns = *netns;
  // What cannot be known must not cost a pod its program.
  const auto links = io::kernel::read_pod_links();
  identity.has_netkit_pods = !links.ok() || std::any_of(links->begin(), links->end(), [](const model::Link& link) {
    return link.kind == model::link_kind_name(model::LinkKind::kNetkit);
  });
  if (config.pod_links != model::LinkKind::kNetkit) return identity;
  if (auto netkit = io::kernel::try_netkit(); !netkit.ok()) identity.netkit_missing = netkit.error().text;
  return identity;
}

int run(const Options& options) {
  if (!one_origin(options)) return kUsageError;
  // Before any thread is made, so that all are without them.
  auto dropped = io::kernel::drop_other_capabilities();
  if (!dropped.ok()) spdlog::warn("capabilities: {}", dropped.error().text);
  Process process(options.http_address);
  while (live(options, process)) {
  }
  return 0;
}

}  // namespace engine
