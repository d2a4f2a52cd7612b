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
#include "model/published_cell.h"
#include "plan/plan.h"
#include "sources/canary.h"
#include "sources/cni_requests.h"
#include "sources/host.h"
#include "sources/manifests.h"
#include "status/reporter.h"
#include "status/server.h"

namespace engine {
namespace {

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
void start(const char* name, base::Result<void> result, base::Mailbox<Letter>& mailbox) {
  if (result.ok()) return;
  spdlog::error("{}: {}", name, result.error().text);
  model::Fact fact;
  fact.changes.push_back(model::put(std::string("start/") + name, model::Problem{name, result.error().text, ""}));
  mailbox.push(std::move(fact));
}

void turn_until_stopped(Core& core, base::Mailbox<Letter>& mailbox, Watchdog& watchdog, model::PublishedCell& cell,
                        sources::CniRequests& cni) {
  bool slow_removals = false, was_serving = false;
  for (;;) {
    base::BootTime until = base::boot_now() + kTurnEvery;
    if (auto wake = core.next_wake()) until = std::min(until, *wake);
    if (slow_removals) until = base::boot_now();
    auto letters = mailbox.take(until);
    for (auto& letter : letters) {
      if (!letter) return;
      core.fold(std::move(*letter));
    }
    core.pass(base::boot_now());
    if (letters.empty() || !slow_removals) slow_removals = core.remove_slow(base::boot_now());
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

model::Identity identity_of(const Options& options) {
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
  return identity;
}

int run(const Options& options) {
  base::Mailbox<Letter> mailbox;
  StopSignals signals(mailbox);
  model::FactSink sink = [&mailbox](model::Fact fact) { mailbox.push(std::move(fact)); };
  spdlog::info("agent: node {}, programs {}", options.node_name, io::kernel::program_generation());

  model::PublishedCell cell;
  Watchdog watchdog;
  status::Server server(options.http_address, cell, [&watchdog] { return watchdog.alive(); });
  status::Reporter reporter(options.run_dir, cell);
  Core core(identity_of(options), plan::features(), kernel_stores(identity_of(options)), base::boot_now());
  cell.store(core.publish(base::boot_now()));
  start("http", server.start(), mailbox);
  reporter.start();

  sources::CniRequests cni(options.run_dir, options.state_dir, sink);
  sources::HostSource host(sink);
  sources::Manifests manifests(options.manifests, options.state_dir, options.node_name, sink);
  sources::Canary canary(sink);
  sink(settings_fact(options));
  start("cni", cni.start(), mailbox);
  start("host", host.start(), mailbox);
  start("manifests", manifests.start(), mailbox);
  start("canary", canary.start(), mailbox);

  turn_until_stopped(core, mailbox, watchdog, cell, cni);
  server.stop();
  return 0;
}

}  // namespace engine
