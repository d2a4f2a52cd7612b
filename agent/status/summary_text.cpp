// The summary as text: a label on the left, what is to be said on the right, one or two dozen lines in all on a quiet node.
#include <algorithm>

#include "abi/drop_reasons.h"
#include "status/advice.h"
#include "status/render.h"
#include "status/summary.h"

namespace status {
namespace {

constexpr size_t kLabelWidth = 11;  // characters
constexpr size_t kLineWidth = 118;  // characters; a word that is longer stands alone
constexpr size_t kNamesShown = 12;  // of a list in text; JSON has all
constexpr size_t kProblemsShown = 20;

class Page {
 public:
  // The label stands before the first line only.
  void line(const std::string& label, const std::string& text) {
    std::string head = label == label_ ? "" : label;
    label_ = label;
    head.resize(std::max(kLabelWidth, head.size() + 1), ' ');
    text_ += head + printable(text) + "\n";
  }
  // "what (N): a, b, c", wrapped, cut after a few names.
  void list(const std::string& label, const std::string& what, const Named& named, const std::string& table) {
    if (!named.count) return;
    std::string current = what + " (" + std::to_string(named.count) + "):";
    size_t shown = std::min(named.names.size(), kNamesShown);
    for (size_t i = 0; i < shown; ++i) append_word(label, current, named.names[i] + (i + 1 < shown ? "," : ""));
    if (named.count > shown) append_word(label, current, "and " + std::to_string(named.count - shown) + " more: ichor-agent get " + table);
    line(label, current);
  }
  void blank() { text_ += "\n"; }
  void raw(const std::string& text) { text_ += text; }
  std::string take() { return std::move(text_); }

 private:
  void append_word(const std::string& label, std::string& current, const std::string& word) {
    if (kLabelWidth + current.size() + 1 + word.size() > kLineWidth) {
      line(label, current);
      current = " ";
    }
    current += " " + word;
  }

  std::string text_, label_;
};

std::string count_of(size_t n, const std::string& one, const std::string& many) { return std::to_string(n) + " " + (n == 1 ? one : many); }

std::string duration_text(base::Millis duration) {
  int64_t seconds = duration.count() / 1000;
  if (seconds < 10) return std::to_string(duration.count()) + " ms";
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172800) return std::to_string(seconds / 3600) + " h " + std::to_string(seconds % 3600 / 60) + " min";
  return std::to_string(seconds / 86400) + " d " + std::to_string(seconds % 86400 / 3600) + " h";
}

std::string mebibytes(uint64_t bytes) {
  uint64_t tenths = bytes * 10 / (uint64_t{1} << 20);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

void write_settings(Page& page, const Summary& summary) {
  std::string files;
  for (const auto& file : summary.settings_files) files += (files.empty() ? "" : ", ") + file;
  page.line("settings", files.empty() ? "none given, defaults in force"
                                      : count_of(summary.settings_in_force.count, "key", "keys") + " in force, from " + files);
  page.list("settings", "accepted, not there yet", summary.settings_planned, "settings");
  page.list("settings", "without meaning here", summary.settings_without_meaning, "settings");
}

void write_network(Page& page, const Summary& summary) {
  page.line("pods", count_of(summary.sandboxes, "pod", "pods") + " attached on this node, " + std::to_string(summary.pods_known) +
                        " known in the cluster");
  page.line("services", count_of(summary.services, "Service", "Services") + ", " + count_of(summary.frontends, "frontend", "frontends"));
  page.list("services", "without endpoints", summary.without_endpoints, "service_sets");
  page.line("peers", count_of(summary.peers, "other node", "other nodes"));
  page.list("peers", "routes", summary.routes, "routes");
}

// Hooks are sorted "TARGET HOOK": one line per target.
void write_programs(Page& page, const Summary& summary) {
  std::string target, hooks;
  auto flush = [&] {
    if (!hooks.empty()) page.line("programs", target + ":" + hooks);
    hooks.clear();
  };
  for (const auto& name : summary.hooks.names) {
    size_t space = name.rfind(' ');
    if (name.compare(0, space, target) != 0 || space != target.size()) {
      flush();
      target = name.substr(0, space);
    }
    hooks += name.substr(space);
  }
  flush();
  page.line("programs", summary.filters       ? count_of(summary.filters, "filter", "filters") + " on pod links"
                        : summary.hooks.count ? "no filters on pod links"
                                              : "none attached");
  std::string sizes;
  for (const auto& [map, entries] : summary.map_sizes) sizes += (sizes.empty() ? "" : ", ") + std::to_string(entries) + " " + map;
  if (!sizes.empty()) page.line("maps", "room for " + sizes);
  page.list("sysctls", "set", summary.sysctls, "sysctls");
}

void write_packets(Page& page, const io::kernel::PacketCounters& packets) {
  const auto& by = packets.deliveries;
  page.line("packets", "to pods: " + std::to_string(by[DELIVERED_FROM_UPLINK]) + " straight from uplinks, " +
                           std::to_string(by[DELIVERED_FROM_POD]) + " straight from pods, " + std::to_string(by[DELIVERED_BY_STACK]) +
                           " by the node's stack");
#define X(identifier, name, remedy) \
  if (packets.drops[identifier]) page.line("drops", name " " + std::to_string(packets.drops[identifier]) + ": " remedy);
  DROP_REASONS(X)
#undef X
}

void write_pressure(Page& page, const Pressure& pressure) {
  Named used;
  for (const auto& table : pressure.tables)
    if (table.entries)
      used.names.push_back(table.map + " " + std::to_string(table.entries) + (table.whole ? "" : "+") + "/" + std::to_string(table.room) +
                           " " + std::to_string(percent(table.entries, table.room)) + "%");
  used.count = used.names.size();
  page.list("use", "tables with entries", used, "map_sizes");
  if (pressure.memory) page.line("use", mebibytes(pressure.memory) + " of the kernel's memory for all maps");
  if (!pressure.nat) return;
  const uint32_t ports = pressure.nat->busiest.ports;
  page.line("use", "NAT ports of the busiest destination, " + destination_text(*pressure.nat) + ": " + std::to_string(ports) +
                       (pressure.nat->room
                            ? " of " + std::to_string(pressure.nat->room) + ", " + std::to_string(percent(ports, pressure.nat->room)) + "%"
                            : ""));
}

void write_kernel_settings(Page& page, const std::vector<KernelSetting>& settings) {
  Named good;
  for (const auto& setting : settings)
    if (setting.text.empty()) good.names.push_back(setting.name + "=" + setting.value);
  good.count = good.names.size();
  page.list("kernel", "settings as they should be", good, "sysctls");
  for (const auto& setting : settings) {
    if (setting.text.empty()) continue;
    page.line("kernel", setting.name + (setting.value.empty() ? " " : "=" + setting.value + ": ") + setting.text);
    if (!setting.remedy.empty()) page.line("kernel", "  advice: " + setting.remedy);
  }
}

void write_privileges(Page& page, const io::kernel::Capabilities& capabilities) {
  for (const auto& capability : io::kernel::needed_capabilities())
    page.line("privileges", std::string(capability.name) + ((capabilities.effective >> capability.number & 1) ? ": " : " MISSING: ") +
                                std::string(capability.reason));
  page.line("privileges", io::kernel::only_needed(capabilities)
                              ? "all others were given up"
                              : "others stay in the bounding set: SETPCAP was not there to take them out");
}

void write_effects(Page& page, const Summary& summary) {
  std::string counts = std::to_string(summary.wanted) + " wanted, " + std::to_string(summary.done) + " done, " +
                       std::to_string(summary.pending) + " pending, " + std::to_string(summary.failures.size()) + " failed";
  if (summary.kept) counts += ", " + std::to_string(summary.kept) + " kept until all sources have synced";
  page.line("effects", counts);
  for (size_t i = 0; i < std::min(summary.failures.size(), kProblemsShown); ++i) {
    const Failure& failure = summary.failures[i];
    page.line("effects", "FAILED " + failure.thing + ": " + failure.error + " (" + failure.retry + ")");
  }
  if (summary.failures.size() > kProblemsShown) page.line("effects", "and more: ichor-agent get effects");
}

void write_problems(Page& page, const Summary& summary) {
  if (summary.problems.empty()) return page.line("problems", "none");
  for (size_t i = 0; i < std::min(summary.problems.size(), kProblemsShown); ++i) {
    const model::Problem& problem = summary.problems[i];
    page.line("problems", problem.subject + ": " + problem.text);
    if (!problem.remedy.empty()) page.line("problems", "  advice: " + problem.remedy);
  }
  if (summary.problems.size() > kProblemsShown)
    page.line("problems", std::to_string(summary.problems.size() - kProblemsShown) + " more: ichor-agent get problems");
}

}  // namespace

std::string readiness_text(const std::vector<Check>& checks) {
  size_t width = 0;
  for (const auto& check : checks) width = std::max(width, check.name.size());
  std::string text;
  for (const auto& check : checks) {
    text +=
        (check.ok ? "ok    " : "FAIL  ") + check.name + std::string(width - check.name.size(), ' ') + "  " + printable(check.text) + "\n";
    if (!check.ok) text += "      advice: " + std::string(advice(check.name)) + "\n";
  }
  return text + (ready(checks) ? "READY\n" : "NOT READY\n");
}

std::string summary_text(const Summary& summary) {
  Page page;
  page.raw("ichor " + summary.version + (summary.node.empty() ? ", node not known yet: " : " on node " + printable(summary.node) + ": ") +
           (summary.ready ? "READY" : "NOT READY") + ", up " + duration_text(summary.uptime) +
           (summary.ready_after.count() ? ", first ready " + duration_text(summary.ready_after) + " after its start" : "") + "\n");
  for (const auto& check : summary.checks) {
    if (check.ok) continue;
    page.raw("  FAIL " + check.name + ": " + printable(check.text) + "\n       advice: " + std::string(advice(check.name)) + "\n");
  }
  page.blank();
  for (const auto& [name, source] : summary.sources) {
    std::string padded = name;
    padded.resize(std::max<size_t>(padded.size(), 10), ' ');
    page.line("sources", padded +
                             (source.synced ? " synced"
                              : source.kept ? " KEPT"
                                            : " NOT SYNCED") +
                             (source.text.empty() ? "" : "  " + source.text));
  }
  write_settings(page, summary);
  page.list("unread", "objects of other kinds", summary.unread_kinds, "unread_kinds");
  write_network(page, summary);
  write_programs(page, summary);
  if (summary.pressure) write_pressure(page, *summary.pressure);
  if (summary.surroundings.packets) write_packets(page, *summary.surroundings.packets);
  write_kernel_settings(page, summary.surroundings.kernel_settings);
  if (summary.surroundings.capabilities) write_privileges(page, *summary.surroundings.capabilities);
  write_effects(page, summary);
  write_problems(page, summary);
  page.line("engine", count_of(summary.counters.passes, "pass", "passes") + ", " +
                          count_of(summary.counters.planner_calls, "planner call", "planner calls") + ", " +
                          count_of(summary.counters.writes, "write", "writes") + ", " + std::to_string(summary.counters.failed_writes) +
                          " failed; " + mebibytes(summary.surroundings.resident_bytes) + " of memory");
  return page.take();
}

std::string summary_line(const Summary& summary) {
  std::string failing;
  for (const auto& check : summary.checks)
    if (!check.ok) failing += (failing.empty() ? "" : ",") + check.name;
  return "status: " + (failing.empty() ? std::string("ready") : "not ready, failing=" + failing) +
         " pods=" + std::to_string(summary.sandboxes) + " services=" + std::to_string(summary.services) +
         " frontends=" + std::to_string(summary.frontends) + " peers=" + std::to_string(summary.peers) +
         " wanted=" + std::to_string(summary.wanted) + " pending=" + std::to_string(summary.pending) +
         " failed=" + std::to_string(summary.failures.size()) + " problems=" + std::to_string(summary.problems.size()) +
         " memory=" + mebibytes(summary.surroundings.resident_bytes);
}

std::vector<std::string> summary_faults(const Summary& summary) {
  std::vector<std::string> lines;
  for (const auto& check : summary.checks)
    if (!check.ok) lines.push_back(check.name + ": " + check.text + " (" + std::string(advice(check.name)) + ")");
  for (const auto& problem : summary.problems) lines.push_back(model::to_string(problem));
  for (const auto& setting : summary.surroundings.kernel_settings)
    if (!setting.good)
      lines.push_back(setting.name + (setting.value.empty() ? " " : "=" + setting.value + ": ") + setting.text + " (" + setting.remedy +
                      ")");
  for (const auto& failure : summary.failures) lines.push_back(failure.thing + ": " + failure.error);
  for (auto& line : lines) line = printable(line);
  return lines;
}

}  // namespace status
