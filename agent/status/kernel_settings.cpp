#include "status/kernel_settings.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "io/kernel/features.h"
#include "io/kernel/sysctls.h"

namespace status {
namespace {

struct Wanted {
  std::string_view name;
  std::array<std::string_view, 2> values;  // good ones
  std::string_view meaning;                // of any other
  std::string_view remedy;
};

constexpr std::string_view kMachineConfig = "set it in the machine configuration (machine.sysctls, from Talos 1.14 SysctlConfig) to ";

// Documentation/admin-guide/sysctl/{net,kernel}.rst and Documentation/networking/ip-sysctl.rst of Linux.
constexpr Wanted kWanted[] = {
    {"net.core.bpf_jit_enable", {"1", "2"}, "programs are interpreted: each packet costs several times as much", "1"},
    // Talos' default is 2, and machineconfig/talos-*/node.yaml sets 1.
    {"net.core.bpf_jit_harden",
     {"0", "1"},
     "constants of all programs are blinded, which costs on every packet; 1 does so for programs of "
     "unprivileged users alone",
     "1"},
    {"kernel.bpf_stats_enabled", {"0", "0"}, "each run of a program reads the clock twice", "0"},
    {"kernel.unprivileged_bpf_disabled", {"1", "2"}, "every user of the node may load programs", "1"},
    {"net.ipv4.conf.all.rp_filter",
     {"0", "0"},
     "the kernel may drop packets of pods as martians; with 0 each link keeps its own value",
     "0"},
    {"net.ipv4.ip_forward",
     {"1", "1"},
     "pods reach nothing beyond this node by IPv4; ichor sets it as soon as it has a configuration",
     "1"},
    {"net.ipv6.conf.all.forwarding",
     {"1", "1"},
     "pods reach nothing beyond this node by IPv6; ichor sets it as soon as it has a configuration",
     "1"},
    {"net.ipv6.conf.all.disable_ipv6", {"0", "0"}, "there is no IPv6 on this node", "0, or set ipv6.enabled to false"},
};

KernelSetting judged(const Wanted& wanted, const std::string& root) {
  KernelSetting setting;
  setting.name = wanted.name;
  std::vector<std::string> path;
  for (auto part : base::split(wanted.name, '.')) path.emplace_back(part);
  auto value = io::kernel::read_sysctl(root, path);
  if (!value.ok()) {
    setting.text = "cannot be read: " + value.error().text;
    return setting;
  }
  setting.value = *value;
  setting.good = std::find(wanted.values.begin(), wanted.values.end(), *value) != wanted.values.end();
  if (setting.good) return setting;
  setting.text = wanted.meaning;
  setting.remedy = std::string(kMachineConfig) + std::string(wanted.remedy);
  return setting;
}

// Programs name functions of the kernel, which it finds by its own types.
KernelSetting judged_btf() {
  auto found = io::kernel::try_btf();
  if (found.ok()) return {kBtf, "there", true, "", ""};
  return {kBtf, "", false, "cannot be read: " + found.error().text + ": no program can be loaded without",
          "use a kernel built with CONFIG_DEBUG_INFO_BTF and mount /sys"};
}

}  // namespace

std::vector<KernelSetting> kernel_settings(const std::string& root) {
  std::vector<KernelSetting> settings;
  for (const auto& wanted : kWanted) settings.push_back(judged(wanted, root));
  settings.push_back(judged_btf());
  return settings;
}

}  // namespace status
