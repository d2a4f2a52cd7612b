#include "sources/host.h"

#include <linux/rtnetlink.h>
#include <poll.h>

#include "sources/host_tables.h"

namespace sources {
namespace {

using io::kernel::Netlink;

constexpr int kReadAgainMs = 5 * 60 * 1000;  // in case the kernel did something without a word
constexpr int kRetryMs = 1000;

const std::vector<int> kGroups = {RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                  RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_NEIGH};

model::Change status(bool synced, std::string text) {
  return model::put(model::SourceStatus{model::SourceId::kHost, synced, std::move(text)});
}

// Events queue up from the moment the first socket is open, so nothing between it and the dump is missed.
class Listener {
 public:
  Listener(Netlink events, Netlink requests, const model::FactSink& sink)
      : events_(std::move(events)), requests_(std::move(requests)), sink_(sink) {}

  void run(int stop) {
    bool read_all = true;
    while (true) {
      auto read = read_all ? tables_.read_all(requests_) : follow();
      tell(read);
      read_all = !read;
      pollfd waiting[] = {{events_.fd(), POLLIN, 0}, {stop, POLLIN, 0}};
      // After a failure events wait in the socket: only time may end the pause, or the failure would be repeated at full speed.
      int ready = read ? poll(waiting, 2, kReadAgainMs) : poll(waiting + 1, 1, kRetryMs);
      if (waiting[1].revents) return;
      if (ready == 0) read_all = true;
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

  void tell(const base::Result<void>& read) {
    synced_ |= read.ok();
    model::Changes changes;
    if (read) changes = tables_.take_changes();
    std::string text = read ? "" : "netlink: " + read.error().text;
    if (!told_status_ || told_text_ != text) changes.push_back(status(synced_, text));
    told_status_ = true;
    told_text_ = text;
    if (!changes.empty()) sink_(std::move(changes));
    if (tables_.take_host_changed()) sink_(model::HostChanged{});
  }

  Netlink events_, requests_;
  const model::FactSink& sink_;
  HostTables tables_;
  bool synced_ = false, told_status_ = false;
  std::string told_text_;
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
  model::Changes changes = tables.take_changes();
  changes.push_back(status(true, ""));
  return changes;
}

}  // namespace sources
