// The verb run: starts the sources, turns the engine's loop until a signal asks to stop, and leaves the datapath as it is.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/mailbox.h"
#include "engine/core.h"
#include "engine/startup.h"
#include "engine/stores.h"
#include "engine/watchdog.h"
#include "io/files/files.h"
#include "io/kernel/bpf_object.h"
#include "io/kernel/features.h"
#include "model/published_cell.h"
#include "plan/plan.h"
#include "sources/canary.h"
#include "sources/cni_requests.h"
#include "sources/host.h"
#include "status/reporter.h"
#include "status/server.h"

namespace engine {
namespace {

constexpr base::Millis kHttpRetry{200};

// A fact, or nothing: the request to stop.
using Letter = std::optional<model::Fact>;

// SIGTERM and SIGINT end the loop between two turns. Blocked before any thread is made, so that all inherit it.
class StopSignals {
 public:
  explicit StopSignals(base::Mailbox<Letter>& mailbox) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([&mailbox, signals] {
      int signal = 0;
      sigwait(&signals, &signal);
      spdlog::info("agent: {}, stopping; packets go on by the pinned programs", strsignal(signal));
      mailbox.push(std::nullopt);
    }).detach();
  }
};

// Reported rather than fatal: the agent stays up and says what is missing.
void start(const char* name, const base::Result<void>& result, base::Mailbox<Letter>& mailbox) {
  if (result.ok()) return;
  spdlog::error("{}: {}", name, result.error().text);
  model::Fact fact;
  fact.changes.push_back(model::put(std::string("start/") + name, model::Problem{name, result.error().text, ""}));
  mailbox.push(std::move(fact));
}

// The address may still be held by the agent before this one.
bool serve_http(status::Server& server, bool first_try) {
  auto started = server.start();
  if (!started.ok() && first_try) spdlog::warn("{}; trying again", started.error().text);
  return started.ok();
}

struct Parts {
  Core& core;
  base::Mailbox<Letter>& mailbox;
  Watchdog& watchdog;
  model::PublishedCell& cell;
  sources::CniRequests& cni;
  status::Server& server;
};

void turn_until_stopped(Parts parts) {
  auto& [core, mailbox, watchdog, cell, cni, server] = parts;
  bool slow_removals = false, was_serving = false;
  bool http = serve_http(server, true);
  for (;;) {
    base::BootTime until = base::boot_now() + kTurnEvery;
    if (auto wake = core.next_wake()) until = std::min(until, *wake);
    if (slow_removals) until = base::boot_now();
    if (!http) until = std::min(until, base::boot_now() + kHttpRetry);
    auto letters = mailbox.take(until);
    for (auto& letter : letters) {
      if (!letter) return;
      core.fold(std::move(*letter));
    }
    core.pass(base::boot_now());
    if (letters.empty() || !slow_removals) slow_removals = core.remove_slow(base::boot_now());
    if (!http) http = serve_http(server, false);
    watchdog.turned();
    cell.store(core.publish(base::boot_now()));
    auto serving = core.serving();
    if (serving.ok() != was_serving)
      spdlog::info("cni: {}", serving.ok() ? "requests are served" : "requests are refused: " + serving.error().text);
    was_serving = serving.ok();
    cni.set_serving(std::move(serving));
  }
}

}  // namespace

model::Identity identity_of(const Options& options, const model::Config& config) {
  struct sysinfo system;
  sysinfo(&system);
  model::Identity identity;
  identity.node_name = options.node_name;
  identity.bpf_root = options.bpf_root;
  identity.state_dir = options.state_dir;
  identity.run_dir = options.run_dir;
  identity.cni_conf_dir = options.cni_conf_dir;
  if (auto boot_id = io::files::boot_id(); boot_id.ok()) identity.boot_id = *boot_id;
  identity.program_generation = io::kernel::program_generation();
  identity.memory_bytes = uint64_t{system.totalram} * system.mem_unit;
  if (config.pod_links != model::LinkKind::kNetkit) return identity;
  if (auto netkit = io::kernel::try_netkit(); !netkit.ok()) identity.netkit_missing = netkit.error().text;
  return identity;
}

int run(const Options& options) {
  if (!one_origin(options)) return kUsageError;
  base::Mailbox<Letter> mailbox;
  StopSignals signals(mailbox);
  model::FactSink sink = [&mailbox](model::Fact fact) { mailbox.push(std::move(fact)); };
  spdlog::info("agent: node {}, programs {}", options.node_name, io::kernel::program_generation());

  model::PublishedCell cell;
  Watchdog watchdog;
  // It takes the run directory: two agents must not write to one kernel.
  sources::CniRequests cni(options.run_dir, options.state_dir, sink);
  if (auto started = cni.start(); !started.ok() && started.error().code == EBUSY) {
    spdlog::error("cni: {}; end the other one, or give this one its own --run-dir, --bpf-root and --state-dir", started.error().text);
    return 1;
  } else {
    start("cni", started, mailbox);
  }
  status::Server server(options.http_address, cell, [&watchdog] { return watchdog.alive(); });
  status::Reporter reporter(options.run_dir, cell);
  auto settings = start_settings(options);
  const auto identity = identity_of(options, settings.config);
  Core core(identity, plan::features(), kernel_stores(identity, status_store(options, settings.config, sink)), base::boot_now());
  cell.store(core.publish(base::boot_now()));
  reporter.start();

  sources::HostSource host(sink);
  ObjectSource objects(options, settings.config, sink);
  sources::Canary canary(sink);
  sink(std::move(settings.fact));
  start("host", host.start(), mailbox);
  start("objects", objects.start(), mailbox);
  start("canary", canary.start(), mailbox);

  turn_until_stopped({core, mailbox, watchdog, cell, cni, server});
  server.stop();
  return 0;
}

}  // namespace engine
