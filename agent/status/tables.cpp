#include "status/tables.h"

#include <algorithm>

#include "base/text.h"
#include "status/effects.h"

namespace status {
namespace {

using model::Published;

void sort_lines(TableView& view) {
  std::sort(view.lines.begin(), view.lines.end(), [](const Line& a, const Line& b) { return a.key < b.key; });
}

template <class Row>
TableView view_of(const Published& published, std::string key_name) {
  TableView view{std::move(key_name), {}};
  for (const auto& [key, row] : published.snapshot.table<Row>()) view.lines.push_back({key, model::fields(*row)});
  sort_lines(view);
  return view;
}

void append_outcome(Line& line, const model::Effect& effect, base::BootTime now) {
  line.fields.emplace_back("state", std::string(effect_state(effect)));
  line.fields.emplace_back("owner", effect.owner);
  line.fields.emplace_back("failed", retry_text(effect.outcome, now));
  line.fields.emplace_back("error", effect.outcome.error);
}

template <class Row>
TableView view_of_kind(const Published& published) {
  TableView view{"key", {}};
  for (const auto& [key, effect] : published.effects) {
    if (effect->kind != Row::kKind) continue;
    Line line{effect->key, effect->desired ? model::fields(*effect->desired) : model::Fields{}};
    append_outcome(line, *effect, published.snapshot.now);
    view.lines.push_back(std::move(line));
  }
  sort_lines(view);
  return view;
}

TableView view_of_effects(const Published& published) {
  TableView view{"", {}};
  for (const auto& [key, effect] : published.effects) {
    Line line{key, {{"kind", effect->kind}, {"thing", thing_name(*effect)}}};
    append_outcome(line, *effect, published.snapshot.now);
    view.lines.push_back(std::move(line));
  }
  sort_lines(view);
  return view;
}

// With what the planner of that name has to say of each.
template <class Row>
TableView view_with_notes(const Published& published, const std::string& key_column, const std::string& planner) {
  TableView view = view_of<Row>(published, key_column);
  for (auto& line : view.lines) {
    const auto* of_key = published.notes.find(planner + " " + line.key);
    line.fields.emplace_back("note", of_key ? base::join(of_key->notes, "; ") : "");
  }
  return view;
}

// What sources and planners have to say, side by side; "owner" tells a planner's key from a source.
TableView view_of_problems(const Published& published) {
  TableView view{"", {}};
  auto append = [&](const std::string& key, const std::string& owner, const model::Problem& problem) {
    Line line{key, {{"owner", owner}}};
    for (auto& field : model::fields(problem)) line.fields.push_back(std::move(field));
    view.lines.push_back(std::move(line));
  };
  for (const auto& [key, problem] : published.snapshot.table<model::Problem>()) append(key, "source", *problem);
  for (const auto* of_keys : {&published.problems, &published.conflicts})
    for (const auto& [key, of_key] : *of_keys)
      for (const auto& problem : of_key->problems) append(key, key, problem);
  sort_lines(view);
  return view;
}

std::string description_of_kind(std::string_view kind) {
  static const std::vector<std::pair<std::string_view, const char*>> kDescriptions = {
      {"sandbox_records", "The record on disk of which pod holds which address."},
      {"sysctls", "Kernel settings that ichor sets."},
      {"datapath_objects", "The loaded BPF object and how many entries its maps hold."},
      {"direct_delivery", "Which packets go straight into pods, past the node's own stack, and why others do not."},
      {"service_entries", "Services as the kernel serves them: frontends and backends."},
      {"attachments", "Programs on cgroup hooks and uplinks."},
      {"pod_links", "Links of pods, host side."},
      {"filters", "Programs on pod links."},
      {"pod_entries", "Pod addresses as the datapath delivers to them."},
      {"routes", "Routes that ichor makes: to its own pods and to those of peers."},
      {"neighbors", "Neighbour entries that ichor makes on pod links."},
      {"status_patches", "What ichor writes into the status of objects."},
      {"files", "Files that ichor writes, such as the CNI configuration."},
  };
  for (const auto& [name, description] : kDescriptions)
    if (name == kind) return description;
  return "Desired rows of this kind with their outcome.";
}

template <class... Rows>
void append_kinds(std::vector<TableDefinition>& all, const std::variant<Rows...>*) {
  (all.push_back({Rows::kKind, description_of_kind(Rows::kKind), &view_of_kind<Rows>}), ...);
}

std::vector<TableDefinition> make_tables() {
  using namespace model;
  std::vector<TableDefinition> all = {
      {"services", "Services as read from the cluster.", [](const Published& p) { return view_of<Service>(p, "service"); }},
      {"endpoint_slices", "EndpointSlices: who answers for a Service.",
       [](const Published& p) { return view_of<EndpointSlice>(p, "slice"); }},
      {"nodes", "Nodes with their addresses and pod CIDRs.", [](const Published& p) { return view_with_notes<Node>(p, "node", "routes"); }},
      {"pods", "Pods as read from the cluster.", [](const Published& p) { return view_of<Pod>(p, "pod"); }},
      {"namespaces", "Namespaces.", [](const Published& p) { return view_of<Namespace>(p, "namespace"); }},
      {"links", "The node's network links.", [](const Published& p) { return view_of<Link>(p, "link"); }},
      {"addresses", "The node's own addresses.", [](const Published& p) { return view_of<Address>(p, ""); }},
      {"host_routes", "The node's routes, whoever made them.", [](const Published& p) { return view_of<HostRoute>(p, ""); }},
      {"lost_default_routes", "Links that had a default route and have none now; uplinks among them stay uplinks for a minute.",
       [](const Published& p) { return view_of<LostDefaultRoute>(p, "link"); }},
      {"forward_chains", "Firewall chains on the kernel's forward hook, whoever made them.",
       [](const Published& p) { return view_of<ForwardChain>(p, ""); }},
      {"host_neighbors", "The node's neighbour entries, whoever made them.",
       [](const Published& p) { return view_of<HostNeighbor>(p, ""); }},
      {"sandboxes", "Pods that the container runtime attached to this node's network.",
       [](const Published& p) { return view_with_notes<Sandbox>(p, "sandbox", "pods"); }},
      {"allocations", "Addresses that sandboxes hold.", [](const Published& p) { return view_of<Allocation>(p, "sandbox"); }},
      {"config", "The configuration in force.", [](const Published& p) { return view_of<Config>(p, ""); }},
      {"settings", "Keys of the values files and what ichor makes of them.", [](const Published& p) { return view_of<Setting>(p, "key"); }},
      {"sources", "Where facts come from, and whether all of them have arrived.",
       [](const Published& p) { return view_of<SourceStatus>(p, "source"); }},
      {"canary", "The last connection through the datapath, from the host and from a pod's place.",
       [](const Published& p) { return view_of<CanaryResult>(p, ""); }},
      {"unread_kinds", "Objects of kinds that ichor does not read, counted.",
       [](const Published& p) { return view_of<UnreadKind>(p, "kind"); }},
      {"problems", "What is wrong and what to do about it.", &view_of_problems},
      {"effects", "Everything that ichor wants or has in the kernel and on disk, with its outcome.", &view_of_effects},
  };
  append_kinds(all, static_cast<const desired::Row*>(nullptr));
  return all;
}

}  // namespace

const std::vector<TableDefinition>& tables() {
  static const auto kTables = make_tables();
  return kTables;
}

const TableDefinition* find_table(std::string_view name) {
  for (const auto& table : tables())
    if (table.name == name) return &table;
  return nullptr;
}

std::string_view nearest_table(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& table : tables()) names.push_back(table.name);
  return base::nearest(name, names);
}

TableView table_of_tables(const model::Published& published) {
  TableView view{"table", {}};
  for (const auto& table : tables())
    view.lines.push_back({std::string(table.name),
                          {{"rows", static_cast<int64_t>(table.view(published).lines.size())}, {"description", table.description}}});
  return view;
}

}  // namespace status
