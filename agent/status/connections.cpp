// The map of flows as tables: a flow is two entries there and one row here, that of the way of the packet that opened it.
#include <algorithm>
#include <array>
#include <cstring>

#include "abi/flow_lifetimes.h"
#include "model/abi_address.h"
#include "status/listing.h"

namespace status {
namespace {

using base::Ip;
using model::Published;

struct FoundFlow {
  flow_key key;
  flow entry;
};

// The most recently used of many, in memory for some.
class Latest {
 public:
  explicit Latest(size_t most) : most_(most) {}

  void add(const FoundFlow& found) {
    if (heap_.size() == most_ && !later(found, heap_.front())) return;
    if (heap_.size() == most_) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      heap_.pop_back();
    }
    heap_.push_back(found);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  std::vector<FoundFlow> take() {
    std::sort_heap(heap_.begin(), heap_.end(), later);
    return std::move(heap_);
  }

 private:
  static bool later(const FoundFlow& a, const FoundFlow& b) {
    if (a.entry.used_ns != b.entry.used_ns) return a.entry.used_ns > b.entry.used_ns;
    return std::memcmp(&a.key, &b.key, sizeof a.key) < 0;
  }
  size_t most_;
  std::vector<FoundFlow> heap_;  // the earliest in front
};

constexpr std::string_view kStates[] = {"new", "established", "closing"};
std::string_view state_text(const flow& entry) { return entry.state < std::size(kStates) ? kStates[entry.state] : "?"; }

// Of an echo request the identifier stands for the port; protocols without ports have none.
std::string endpoint(const ip_addr& address, __be16 port_be) {
  const Ip ip = model::from_abi(address);
  return port_be ? base::endpoint_text(ip, be16toh(port_be)) : base::to_string(ip);
}

bool is_translated(const flow& entry) { return entry.address_difference != 0 || entry.port_difference != 0; }
bool changes_source(const FoundFlow& found) { return found.key.way == FLOW_DEPARTS && is_translated(found.entry); }

bool passes(const Filters& filters, const FoundFlow& found) {
  const auto& [key, entry] = found;
  if (filters.protocol && *filters.protocol != key.protocol) return false;
  if (!filters.state.empty() && filters.state != state_text(entry)) return false;
  if (filters.port && !std::ranges::count(std::array{key.source_port_be, key.destination_port_be, entry.port_be}, htobe16(*filters.port)))
    return false;
  return filters.has(model::from_abi(key.source)) || filters.has(model::from_abi(key.destination)) ||
         filters.has(model::from_abi(entry.address));
}

// NAMESPACE/NAME of this node's pod that has one of the addresses; "": none has.
std::string pod_of(const Published& published, const FoundFlow& found) {
  for (const auto& address : {found.key.source, found.entry.address, found.key.destination}) {
    const auto* owner = published.snapshot.address_owner.find(model::from_abi(address));
    const auto* sandbox = owner ? published.snapshot.table<model::Sandbox>().find(*owner) : nullptr;
    if (sandbox && !sandbox->transient) return sandbox->identity.pod();
  }
  return "";
}

// Why its source is another: what a pod sends to the world, a pod that calls a Service and is its own backend, or what a Service sends on
// to a backend elsewhere.
std::string source_kind(const Published& published, const FoundFlow& found) {
  const model::Node* node = published.snapshot.own_node();
  const Ip source = model::from_abi(found.key.source);
  if (source == model::from_abi(found.key.destination)) return "itself";
  const bool is_pod =
      node && std::any_of(node->pod_cidrs.begin(), node->pod_cidrs.end(), [&](const auto& c) { return c.contains(source); });
  return is_pod ? "masquerade" : "service";
}

Line line_of(const FoundFlow& found) {
  const auto& [key, entry] = found;
  Line line;
  line.fields = {{"protocol", protocol_text(key.protocol)},
                 {"way", std::string(key.way == FLOW_DEPARTS ? "OUT" : "IN")},
                 {"source", endpoint(key.source, key.source_port_be)},
                 {"destination", endpoint(key.destination, key.destination_port_be)}};
  for (const auto& [name, value] : line.fields) line.key += (line.key.empty() ? "" : " ") + std::get<std::string>(value);
  return line;
}

void add_state(Line& line, const FoundFlow& found, uint64_t now_ns) {
  const uint64_t idle_ns = now_ns > found.entry.used_ns ? now_ns - found.entry.used_ns : 0;
  line.fields.emplace_back("state", std::string(state_text(found.entry)));
  const auto idle = static_cast<int64_t>(idle_ns / 1'000'000'000);
  line.fields.emplace_back("idle_seconds", idle);
  const int64_t left = flow_lifetime_seconds(found.key.protocol, found.entry.state) - idle;
  line.fields.emplace_back("expires_seconds", std::max<int64_t>(left, 0));  // some seconds later, when the sweeper comes by
}

// A flow may be busy one way only.
void see_other_way(io::kernel::FlowTable& table, FoundFlow& found) {
  auto other = table.find(io::kernel::other_key(found.key, found.entry));
  if (other.ok() && *other) found.entry.used_ns = std::max(found.entry.used_ns, (*other)->used_ns);
}

base::Result<Listing> list_flows(const Published& published, KernelMaps& kernel, const Filters& filters, bool (*wanted)(const FoundFlow&),
                                 void (*add_columns)(const Published&, const FoundFlow&, Line&)) {
  auto table = TRY(kernel.flows(published.snapshot.identity.bpf_root));
  Listing listing;
  Latest latest(filters.limit);
  listing.whole = TRY(table->each(kernel.longest_look, [&](const flow_key& key, const flow& entry) {
    const FoundFlow found{key, entry};
    if (!(entry.flags & FLOW_OPENER) || !wanted(found) || !passes(filters, found)) return;
    ++listing.matched;
    latest.add(found);
  }));
  const uint64_t now_ns = table->now_ns();
  for (FoundFlow& found : latest.take()) {
    see_other_way(*table, found);
    Line line = line_of(found);
    add_columns(published, found, line);
    add_state(line, found, now_ns);
    line.fields.emplace_back("pod", pod_of(published, found));
    listing.view.lines.push_back(std::move(line));
  }
  return listing;
}

}  // namespace

base::Result<Listing> list_connections(const Published& published, KernelMaps& kernel, const Filters& filters) {
  return list_flows(
      published, kernel, filters, [](const FoundFlow&) { return true; },
      [](const Published&, const FoundFlow& found, Line& line) {
        const std::string translated = is_translated(found.entry) ? endpoint(found.entry.address, found.entry.port_be) : "";
        const bool departs = found.key.way == FLOW_DEPARTS;
        line.fields.emplace_back("xlate_src", departs ? translated : "");
        line.fields.emplace_back("xlate_dst", departs ? "" : translated);
      });
}

base::Result<Listing> list_nat(const Published& published, KernelMaps& kernel, const Filters& filters) {
  return list_flows(published, kernel, filters, changes_source, [](const Published& all, const FoundFlow& found, Line& line) {
    line.fields.emplace_back("xlate_src", endpoint(found.entry.address, found.entry.port_be));
    line.fields.emplace_back("kind", source_kind(all, found));
  });
}

}  // namespace status
