#include "sources/host.h"

#include <linux/rtnetlink.h>
#include <poll.h>

#include <optional>

#include "io/kernel/forward_chains.h"
#include "sources/host_tables.h"

namespace sources {
namespace {

using io::kernel::Netlink;

constexpr base::Millis kReadAgain{5 * 60 * 1000};  // in case the kernel did something without a word
constexpr int kRetryMs = 1000;
// ip_tables tells nobody of a change, and two small files say that there is nothing.
constexpr base::Millis kReadChainsAgain{10'000};
// A proxy that writes its rules changes thousands of chains at once.
constexpr base::Millis kBetweenChainReads{1'000};

const std::vector<int> kGroups = {RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
                                  RTNLGRP_IPV6_ROUTE, RTNLGRP_NEIGH,       RTNLGRP_IPV4_NETCONF};

model::Change status(bool synced, std::string text) {
  return model::put(model::SourceStatus{model::SourceId::kHost, synced, std::move(text)});
}

// False: not all of them.
bool read_forward_chains(HostTables& tables) {
  auto found = io::kernel::read_forward_chains();
  if (!found.ok()) tables.set_forward_chains_unreadable(found.error().text);
  if (found.ok()) tables.set_forward_chains(*found);
  return found.ok() && found->complete;
}

// Chains on the forward hook, read on nftables' word and now and then.
class ChainReader {
 public:
  void open() {
    if (auto events = io::kernel::open_nftables_events(); events.ok()) events_.emplace(std::move(events).value());
  }
  // -1: of no interest, since they will be read anyhow: the first of thousands of changes is enough.
  int fd() const { return events_ && !changed_ ? events_->fd() : -1; }
  base::BootTime due() const { return due_; }
  void set_changed() {
    changed_ = true;
    due_ = std::min(due_, last_ + kBetweenChainReads);
  }
  void read_if_due(HostTables& tables) {
    if (base::boot_now() < due_) return;
    if (events_) (void)events_->receive([](nlmsghdr*) {});
    const bool complete = read_forward_chains(tables);
    last_ = base::boot_now();
    due_ = last_ + (complete ? kReadChainsAgain : kBetweenChainReads);
    changed_ = !complete;
  }

 private:
  std::optional<Netlink> events_;
  base::BootTime last_{}, due_{};
  bool changed_ = false;
};

// Events queue up from the moment the first socket is open, so nothing between it and the dump is missed.
class Listener {
 public:
  Listener(Netlink events, Netlink requests, const model::FactSink& sink)
      : events_(std::move(events)), requests_(std::move(requests)), sink_(sink) {
    chains_.open();
  }

  void run(int stop) {
    bool read_all = true;
    base::BootTime read_at{};
    while (true) {
      auto read = read_all ? tables_.read_all(requests_) : follow();
      if (read_all) read_at = base::boot_now();
      chains_.read_if_due(tables_);
      report(read);
      if (read ? wait(stop, std::min(read_at + kReadAgain, chains_.due())) : pause(stop)) return;
      read_all = !read || base::boot_now() >= read_at + kReadAgain;
    }
  }

 private:
  base::Result<void> follow() {
    auto received = events_.receive([this](nlmsghdr* message) { tables_.take(message); });
    if (!received && received.error().code == ENOBUFS) return tables_.read_all(requests_);
    TRY(std::move(received));
    if (tables_.routes_are_stale()) return tables_.read_routes(requests_);
    return {};
  }

  // Until something happens. True: it is the end.
  bool wait(int stop, base::BootTime until) {
    pollfd waiting[] = {{stop, POLLIN, 0}, {events_.fd(), POLLIN, 0}, {chains_.fd(), POLLIN, 0}};
    poll(waiting, 3, static_cast<int>(std::max(until - base::boot_now(), base::Millis{0}).count()));
    if (waiting[2].revents) chains_.set_changed();
    return waiting[0].revents;
  }
  // After a failure events wait in the socket: only time may end the pause, or the failure would be repeated at full speed.
  static bool pause(int stop) {
    pollfd waiting{stop, POLLIN, 0};
    return poll(&waiting, 1, kRetryMs) > 0;
  }

  void report(const base::Result<void>& read) {
    synced_ |= read.ok();
    model::Changes changes;
    if (read) changes = tables_.take_changes();
    std::string text = read ? "" : "netlink: " + read.error().text;
    if (!reported_status_ || reported_text_ != text) changes.push_back(status(synced_, text));
    reported_status_ = true;
    reported_text_ = text;
    if (!changes.empty()) sink_(std::move(changes));
    if (tables_.take_host_changed()) sink_(model::HostChanged{});
  }

  Netlink events_, requests_;
  ChainReader chains_;
  const model::FactSink& sink_;
  HostTables tables_;
  bool synced_ = false, reported_status_ = false;
  std::string reported_text_;
};

}  // namespace

base::Result<void> HostSource::start() {
  Listener listener(TRY(Netlink::open(kGroups)), TRY(Netlink::open()), sink_);
  return thread_.start([listener = std::move(listener)](int stop) mutable { listener.run(stop); });
}

base::Result<model::Changes> read_host_once() {
  Netlink netlink = TRY(Netlink::open());
  HostTables tables;
  TRY(tables.read_all(netlink));
  (void)read_forward_chains(tables);
  model::Changes changes = tables.take_changes();
  changes.push_back(status(true, ""));
  return changes;
}

}  // namespace sources
