#include "io/kernel/gone_backends.h"

#include <algorithm>
#include <utility>

#include "io/kernel/bpf_pins.h"

namespace io::kernel {
namespace {

using namespace std::chrono_literals;

constexpr auto kGather = 10ms;       // after the last of them
constexpr auto kGatherAll = 50ms;    // after the first
constexpr auto kSecondLook = 100ms;  // a connect(2) is over by then

void append(std::vector<gone_backend>& to, const std::vector<gone_backend>& from) { to.insert(to.end(), from.begin(), from.end()); }

}  // namespace

GoneBackends::~GoneBackends() {
  if (!thread_.joinable()) return;
  mailbox_.push({.gone = {}, .stop = true});
  thread_.join();
}

void GoneBackends::add(std::vector<gone_backend> gone) {
  mailbox_.push({.gone = std::move(gone)});
  (void)thread_.start([this] { run(); });  // without one the next that goes tries again
}

void GoneBackends::run() {
  std::vector<gone_backend> fresh, seen;  // to be looked for at first_look, and once more at second_look or with those that come next
  std::optional<base::BootTime> first_look, latest_first_look, second_look;
  for (;;) {
    auto until = first_look && (!second_look || *first_look < *second_look) ? first_look : second_look;
    for (const auto& message : mailbox_.take(until)) {
      if (message.stop) return;
      append(fresh, message.gone);
      if (!first_look) latest_first_look = base::boot_now() + kGatherAll;
      first_look = std::min(base::boot_now() + kGather, *latest_first_look);
    }
    const auto now = base::boot_now();
    if (second_look && *second_look <= now) {
      (void)look_for(std::exchange(seen, {}));
      second_look.reset();
    }
    if (first_look && *first_look <= now) {
      append(seen, fresh);
      (void)look_for(seen);
      seen = std::exchange(fresh, {});
      first_look.reset();
      second_look = base::boot_now() + kSecondLook;
    }
  }
}

base::Result<void> GoneBackends::look_for(const std::vector<gone_backend>& gone) {
  if (const uint64_t replacements = pin_replacements(); !peers_ || replacements_ != replacements) {
    peers_.reset();
    peers_ = TRY(StalePeers::load(bpf_root_));
    replacements_ = replacements;
  }
  return peers_->cut_off(gone, netns_paths_);
}

}  // namespace io::kernel
