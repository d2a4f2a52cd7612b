#include "convergence/world.h"

#include <algorithm>

#include "model/canary.h"
#include "plan/plan.h"
#include "support/builders.h"

namespace convergence {

using namespace support;

World::World(uint32_t seed) : random_(seed) {
  rows_.emplace("node n1", a_node("n1", {"10.42.1.0/24", "fd00:42:1::/64"}, {"192.168.42.11"}));
  rows_.emplace("canary", model::put(model::CanaryResult{true, true, "", model::kCanaryListenerAddress, 9000}));
  rows_.emplace("link", a_link("eth0"));
  rows_.emplace("address", an_address("eth0", "192.168.42.11/24"));
  for (const auto& change : all_synced())
    if (const auto* config = std::get_if<model::RowChange<model::Config>>(&change)) rows_.emplace("config", *config);
}

model::Change World::step() {
  switch (pick(12)) {
    case 0:
    case 1:
      return service();
    case 2:
    case 3:
      return slice();
    case 4:
      return peer();
    case 5:
    case 6:
      return sandbox();
    case 7:
      return zone();
    case 8:
      return own_node();
    case 9:
    case 10:
      return foreign_route();
    default:
      return uplink();
  }
}

std::vector<model::Change> World::all() {
  std::vector<model::Change> changes;
  for (const auto& [key, change] : rows_) changes.push_back(change);
  std::shuffle(changes.begin(), changes.end(), random_);
  return changes;
}

model::Change World::service() {
  std::string name = "s" + std::to_string(pick(4));
  if (pick(4) == 0) {
    rows_.erase("service " + name);
    return model::gone<model::Service>("default/" + name);
  }
  // Each has up to three addresses, and several may claim one of them: the same one must win whatever came first.
  auto service = a_service(name).port(static_cast<uint16_t>(80 + pick(2)));
  for (uint32_t i = 1 + pick(3); i > 0; --i) service.address("10.96.0." + std::to_string(1 + pick(6)));
  service.row.meta.created = pick(3);
  service.row.client_ip_affinity_seconds = pick(2) ? 0 : 60 * (1 + pick(2));
  service.row.internal_traffic_policy = pick(3) ? model::TrafficPolicy::kCluster : model::TrafficPolicy::kLocal;
  return rows_.insert_or_assign("service " + name, service).first->second;
}

model::Change World::slice() {
  std::string name = "e" + std::to_string(pick(6));
  if (pick(4) == 0) {
    rows_.erase("slice " + name);
    return model::gone<model::EndpointSlice>("default/" + name);
  }
  auto slice = a_slice("s" + std::to_string(pick(4)), name).port(8080);
  for (uint32_t i = pick(4); i > 0; --i) {
    slice.endpoint("10.42." + std::to_string(pick(3)) + "." + std::to_string(pick(20)), pick(3) != 0);
    slice.row.endpoints.back().node_name = "n" + std::to_string(1 + pick(2));
    if (pick(3)) slice.row.endpoints.back().zone_hints = {"z" + std::to_string(pick(2))};
  }
  return rows_.insert_or_assign("slice " + name, slice).first->second;
}

model::Change World::peer() {
  std::string name = "p" + std::to_string(pick(3));
  if (pick(4) == 0) {
    rows_.erase("node " + name);
    return model::gone<model::Node>(name);
  }
  // Registered again with another range or at another address, which may be one that this node does not reach.
  std::string address = (pick(5) ? "192.168.42." : "203.0.113.") + std::to_string(20 + pick(4));
  auto node = a_node(name, {"10.42." + std::to_string(2 + pick(4)) + ".0/24"}, {address});
  return rows_.insert_or_assign("node " + name, node).first->second;
}

model::Change World::sandbox() {
  std::string name = "c" + std::to_string(pick(5));
  if (rows_.erase("sandbox " + name)) return model::gone<model::Sandbox>(name + "/eth0");
  auto sandbox = a_sandbox(name);
  sandbox.complete = true;
  return rows_.emplace("sandbox " + name, the_sandbox(sandbox)).first->second;
}

model::Change World::zone() {
  auto change = std::get<model::RowChange<model::Node>>(rows_.at("node n1"));
  model::Node node = *change.row;
  node.meta.labels["topology.kubernetes.io/zone"] = "z" + std::to_string(pick(2));
  return rows_.insert_or_assign("node n1", model::put("n1", node)).first->second;
}

model::Change World::uplink() { return rows_.insert_or_assign("link", a_link("eth0", pick(2) ? 1500 : 9000)).first->second; }

// A cloud keeps pods away, and lets them come. The ranges stay: which addresses pods keep is history.
model::Change World::own_node() {
  model::Node row = *std::get<model::RowChange<model::Node>>(rows_.at("node n1")).row;
  row.network_unavailable = pick(2) == 0;
  return rows_.insert_or_assign("node n1", model::put("n1", row)).first->second;
}

// Another network's, that covers one peer's range, all of them, or a half.
model::Change World::foreign_route() {
  static const std::vector<std::string> kDestinations = {"10.42.2.0/24", "10.42.3.0/24", "10.42.0.0/16", "10.42.4.0/25", "10.42.4.128/25"};
  const std::string& destination = kDestinations[pick(static_cast<uint32_t>(kDestinations.size()))];
  std::string key = "254 " + destination + " via 192.168.42.99 dev eth0 metric 0";
  if (rows_.erase("route " + destination)) return model::gone<model::HostRoute>(key);
  return rows_.emplace("route " + destination, a_route(destination, "192.168.42.99", "eth0")).first->second;
}

Agent::Agent(support::FakeKernel& kernel, base::BootTime& now) : kernel_(kernel), now_(now) { start(); }

void Agent::start() {
  model::Identity identity;
  identity.node_name = "n1";
  identity.program_generation = "g1";
  core_ = std::make_unique<engine::Core>(identity, plan::features(), kernel_.stores(now_), now_);
}

void Agent::tell(std::vector<model::Change> changes) {
  core_->fold(std::move(changes));
  core_->pass(now_);
  core_->remove_slow(now_);
}

void Agent::sync(std::mt19937& random) {
  std::vector<model::Change> changes;
  for (const auto& change : all_synced())
    if (std::holds_alternative<model::RowChange<model::SourceStatus>>(change)) changes.push_back(change);
  std::shuffle(changes.begin(), changes.end(), random);
  for (auto& change : changes) tell({change});
}

void Agent::restart(World& world) {
  start();
  // Records on disk tell a new agent which addresses its sandboxes hold.
  auto changes = world.all();
  for (auto& change : changes) {
    auto* row = std::get_if<model::RowChange<model::Sandbox>>(&change);
    if (!row) continue;
    auto record = kernel_.of<model::desired::SandboxRecord>().find(row->key);
    if (record == kernel_.of<model::desired::SandboxRecord>().end()) continue;
    model::Sandbox sandbox = *row->row;
    sandbox.addresses = record->second.addresses;
    change = model::put(row->key, sandbox);
  }
  for (auto& change : changes) tell({change});
  sync(world.random());
}

void Agent::settle() {
  for (int i = 0; i < 200; ++i) {
    core_->pass(now_);
    while (core_->remove_slow(now_)) {
    }
    now_ += std::chrono::seconds(40);
  }
}

}  // namespace convergence
