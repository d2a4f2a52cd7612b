// The kernel's maps of frontends as a table, with the names that the agent knows for what it finds there.
#include <algorithm>
#include <map>
#include <tuple>

#include "model/abi_address.h"
#include "status/fields_text.h"
#include "status/listing.h"

namespace status {
namespace {

using base::Ip;
using model::Published;
using model::Service;
using model::desired::Backend;

constexpr size_t kMostBackends = 20'000;  // of all rows together

// Backends of a Service by what its EndpointSlices say of them.
using States = std::map<Backend, std::string_view>;

struct Front {
  frontend_key key;
  frontend sets;
  Ip address;
  uint16_t port = 0;
  std::string text = {};               // "10.96.0.1:80/TCP"
  const model::Effect* row = nullptr;  // null: the agent asks for no such
  const Service* service = nullptr;    // null: no Service's

  bool node_port() const { return key.node_port != 0; }
  uint32_t callers() const { return frontend_set(sets.callers); }
  uint32_t arrivals() const { return frontend_set(sets.arrivals); }
  std::string_view feature() const { return row ? row->owner.feature : ""; }
};

Front front_of(const Published& published, const frontend_key& key, const frontend& sets) {
  Front front{key, sets, model::from_abi(key.address), be16toh(key.port_be)};
  front.text = base::endpoint_text(front.address, front.port) + "/" + protocol_text(key.protocol);
  front.row = published.effects.of<model::desired::Frontend>().find(front.text);
  if (front.feature() == "services") front.service = published.snapshot.table<Service>().find(front.row->owner.key);
  return front;
}

bool has(const std::vector<Ip>& addresses, const Ip& ip) { return std::find(addresses.begin(), addresses.end(), ip) != addresses.end(); }

std::string_view kind_of(const Front& front) {
  if (front.node_port()) return front.feature() == "host_ports" ? "HostPort" : "NodePort";
  if (front.feature() == "host_ports") return "HostPort";
  if (front.feature() == "canary") return "canary";
  if (!front.service) return "unknown";
  if (has(front.service->cluster_ips, front.address)) return "ClusterIP";
  if (has(front.service->load_balancer_ingress, front.address)) return "LoadBalancer";
  return has(front.service->external_ips, front.address) ? "ExternalIP" : "unknown";
}

// "ns/name:port", of a hostPort the pod's name.
std::string owner_of(const Front& front, const Published& published) {
  if (!front.row) return "";
  if (!front.service) {
    const auto* sandbox = published.snapshot.table<model::Sandbox>().find(front.row->owner.key);
    return sandbox ? sandbox->identity.pod() : front.row->owner.key;
  }
  for (const auto& port : front.service->ports)
    if ((front.node_port() ? port.node_port : port.port) == front.port && static_cast<uint8_t>(port.protocol) == front.key.protocol)
      return front.row->owner.key + (port.name.empty() ? "" : ":" + port.name);
  return front.row->owner.key;
}

// The one that decides which endpoints a call by this front may get.
std::string policy_of(const Front& front, std::string_view kind) {
  if (!front.service) return "";
  const auto policy = kind == "ClusterIP" ? front.service->internal_traffic_policy : front.service->external_traffic_policy;
  return policy == model::TrafficPolicy::kLocal ? "Local" : "Cluster";
}

std::vector<std::string> source_ranges_of(const Front& front) {
  std::vector<std::string> ranges;
  if (!(front.sets.arrivals & FRONTEND_RESTRICTED)) return ranges;
  if (front.service)
    for (const auto& range : front.service->source_ranges)
      if (range.address.family() == front.address.family()) ranges.push_back(base::to_string(range));
  if (ranges.empty()) ranges.emplace_back("nobody");
  return ranges;
}

std::vector<Ip> own_node_addresses(const Published& published, base::Family family) {
  std::vector<Ip> addresses;
  for (const auto& [key, effect] : published.effects.of<model::desired::NodeAddress>()) {
    const auto* shared = std::get_if<model::desired::Shared<model::desired::NodeAddress>>(&effect->there);
    if (shared && *shared && !(*shared)->peer && (*shared)->address.family() == family) addresses.push_back((*shared)->address);
  }
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

States states_of(const Published& published, const Front& front) {
  States states;
  const auto* slices = front.service ? published.snapshot.slices_of_service.find(front.row->owner.key) : nullptr;
  if (!slices) return states;
  for (const auto& key : *slices) {
    const auto* slice = published.snapshot.table<model::EndpointSlice>().find(key);
    if (!slice || slice->family != front.address.family()) continue;
    for (const auto& endpoint : slice->endpoints)
      for (const auto& port : slice->ports) {
        auto& state = states[Backend{endpoint.address, port.port}];
        if (state != "ready") state = endpoint.ready ? "ready" : endpoint.terminating ? "terminating" : "not ready";
      }
  }
  return states;
}

// What a set leads to, in the order of its slots.
struct Backends {
  std::vector<Backend> chosen;   // from these
  std::vector<Backend> leaving;  // they keep what they have

  bool operator==(const Backends&) const = default;
  bool any(auto property) const {
    return std::any_of(chosen.begin(), chosen.end(), property) || std::any_of(leaving.begin(), leaving.end(), property);
  }
};

// What of the maps one answer shows.
class Sets {
 public:
  Sets(io::ServiceMaps& maps, io::ServiceMaps::Sizes sizes) : maps_(maps), sizes_(sizes) {}

  // None for set 0.
  base::Result<Backends> backends(uint32_t set) {
    Backends backends;
    if (set == 0 || set >= sizes_.sets) return backends;
    const io::SetSlots slots = TRY(io::slots_of(maps_, TRY(maps_.handle(set)), sizes_.slots));
    for (uint32_t i = 0; i < slots.chosen + slots.leaving; ++i) {
      const uint32_t number = TRY(maps_.slot(slots.first + i)).backend;
      if (number >= sizes_.backends) continue;
      const struct backend backend = TRY(maps_.backend(number));
      (i < slots.chosen ? backends.chosen : backends.leaving).push_back({model::from_abi(backend.address), be16toh(backend.port_be)});
    }
    return backends;
  }
  base::Result<int64_t> affinity_seconds(uint32_t set) {
    if (set == 0 || set >= sizes_.sets || !(TRY(maps_.handle(set)) & SERVICE_AFFINITY)) return int64_t{0};
    return int64_t{service_options_affinity_seconds(TRY(maps_.options(set)))};
  }

 private:
  io::ServiceMaps& maps_;
  io::ServiceMaps::Sizes sizes_;
};

// "1 10.244.0.5:8080 ready"
std::vector<std::string> texts_of(const Backends& backends, const States& states, size_t& left) {
  std::vector<std::string> texts;
  const size_t all = backends.chosen.size() + backends.leaving.size();
  for (size_t i = 0; i < all; ++i) {
    if (left == 0) {
      texts.push_back(std::to_string(all - i) + " more");
      break;
    }
    --left;
    const bool leaves = i >= backends.chosen.size();
    const Backend& backend = leaves ? backends.leaving[i - backends.chosen.size()] : backends.chosen[i];
    std::string text = std::to_string(i + 1) + " " + base::endpoint_text(backend.address, backend.port);
    if (leaves)
      text += " leaving";
    else if (auto state = states.find(backend); state != states.end())
      text += " " + std::string(state->second);
    texts.push_back(std::move(text));
  }
  return texts;
}

struct FoundFront {
  Front front;
  Backends callers, arrivals;
};

bool passes_by_owner(const Filters& filters, const Front& front, const Published& published) {
  if (filters.protocol && *filters.protocol != front.key.protocol) return false;
  if (filters.ns.empty() && filters.service.empty()) return true;
  std::string owner = owner_of(front, published);
  owner = owner.substr(0, owner.find(':'));
  const size_t slash = owner.find('/');
  if (slash == std::string::npos) return false;
  if (!filters.ns.empty() && owner.substr(0, slash) != filters.ns) return false;
  return filters.service.empty() || owner == filters.service || owner.substr(slash + 1) == filters.service;
}

bool passes(const Filters& filters, const FoundFront& found, const std::vector<Ip>& called) {
  auto some_backend = [&](auto property) { return found.callers.any(property) || found.arrivals.any(property); };
  if (filters.port && found.front.port != *filters.port && !some_backend([&](const Backend& b) { return b.port == *filters.port; }))
    return false;
  return !filters.address || std::any_of(called.begin(), called.end(), [&](const Ip& ip) { return filters.has(ip); }) ||
         some_backend([&](const Backend& b) { return filters.has(b.address); });
}

Line line_of(const Published& published, const FoundFront& found, const std::vector<Ip>& called, int64_t affinity_seconds, size_t& left) {
  const Front& front = found.front;
  const std::string_view kind = kind_of(front);
  const States states = states_of(published, front);
  Line line{front.text,
            {{"kind", std::string(kind)},
             {"service", owner_of(front, published)},
             {"scope", std::string(front.arrivals() ? "external" : "internal")},
             {"policy", policy_of(front, kind)},
             {"affinity_seconds", affinity_seconds},
             {"source_ranges", source_ranges_of(front)},
             {"node_addresses", front.node_port() ? base::to_strings(called) : std::vector<std::string>{}},
             {"backends", texts_of(found.callers, states, left)}}};
  if (front.arrivals() && found.arrivals != found.callers)
    line.fields.emplace_back("backends_from_outside", texts_of(found.arrivals, states, left));
  return line;
}

}  // namespace

base::Result<Listing> list_fronts(const Published& published, KernelMaps& kernel, const Filters& filters) {
  auto maps = kernel.services(published.snapshot.identity.bpf_root);
  Sets sets(*maps, TRY(maps->open()));
  std::vector<Front> fronts;
  for (const auto& [key, entry] : TRY(maps->frontends())) {
    if (frontend_is_address(&key)) continue;
    Front front = front_of(published, key, entry);
    if (passes_by_owner(filters, front, published)) fronts.push_back(std::move(front));
  }
  auto order = [](const Front& front) { return std::tuple(front.node_port(), front.address, front.port, front.key.protocol); };
  std::sort(fronts.begin(), fronts.end(), [&](const Front& a, const Front& b) { return order(a) < order(b); });

  const std::vector<Ip> of_node[] = {own_node_addresses(published, base::Family::kIpv4),
                                     own_node_addresses(published, base::Family::kIpv6)};
  Listing listing{{"front", {}}, 0, true};
  size_t left = kMostBackends;
  const base::BootTime until = base::boot_now() + kernel.longest_look;
  for (Front& front : fronts) {
    if (!(listing.whole = base::boot_now() < until)) break;
    if (listing.matched >= filters.limit && !filters.address && !filters.port) {
      ++listing.matched;
      continue;
    }
    const auto& called = front.node_port() ? of_node[static_cast<size_t>(front.address.family())] : std::vector{front.address};
    const uint32_t callers = front.callers(), arrivals = front.arrivals();
    FoundFront found{std::move(front), TRY(sets.backends(callers)), TRY(sets.backends(arrivals))};
    if (!passes(filters, found, called)) continue;
    if (++listing.matched > filters.limit) continue;
    const int64_t affinity = TRY(sets.affinity_seconds(callers ? callers : arrivals));
    listing.view.lines.push_back(line_of(published, found, called, affinity, left));
  }
  return listing;
}

}  // namespace status
