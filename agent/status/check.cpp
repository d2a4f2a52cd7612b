#include "status/check.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "io/kernel/bpf_object.h"
#include "io/kernel/features.h"
#include "io/kernel/sysctls.h"
#include "status/kernel_settings.h"
#include "status/render.h"

namespace status {
namespace {

using Findings = std::vector<Finding>;
using Path = std::vector<std::string>;

Finding finding_of(const std::string& name, const base::Result<std::string>& trial, const std::string& advice) {
  if (trial.ok()) return {Verdict::kOk, name, *trial, ""};
  return {Verdict::kFail, name, trial.error().text, advice};
}

// Not a failure: without it pods get veth links.
Finding netkit_finding(const base::Result<std::string>& trial) {
  if (trial.ok()) return {Verdict::kOk, "netkit", *trial, ""};
  return {Verdict::kWarn, "netkit", trial.error().text + ": bpf.datapathMode asks for netkit, pods will get veth links",
          "boot a kernel with CONFIG_NETKIT, or set bpf.datapathMode to veth"};
}

void check_system(const CheckRequest& request, Findings& findings) {
  using namespace io::kernel;
  auto found = [&](const std::string& name, const base::Result<std::string>& trial, const std::string& advice) {
    findings.push_back(finding_of(name, trial, advice));
  };
  found("kernel", try_release(), "boot a kernel of 6.12 or newer; every Talos from 1.9 on has one");
  found("capabilities", try_capabilities(), "run as root; in a container, grant these capabilities");
  found("bpf_filesystem", try_bpf_filesystem(request.bpf_root),
        "mount -t bpf bpf /sys/fs/bpf, or name a place that is one with --bpf-root");
  found("cgroup2", try_cgroup2(request.cgroup_root), "mount -t cgroup2 none DIRECTORY, and name it with --set cgroup.hostRoot=DIRECTORY");
  found("pods_cgroup", try_pods_cgroup(request.cgroup_root),
        "let cgroup.hostRoot be where the whole cgroup2 tree is mounted, and run the agent in the node's cgroup namespace (containers: "
        "--cgroupns=host)");
}

void check_features(const CheckRequest& request, Findings& findings) {
  using namespace io::kernel;
  auto found = [&](const std::string& name, const base::Result<std::string>& trial, const std::string& option) {
    findings.push_back(finding_of(name, trial, "needs root and a kernel with " + option));
  };
  found("veth", try_veth(), "CONFIG_VETH and CONFIG_NET_NS");
  if (request.netkit) findings.push_back(netkit_finding(try_netkit()));
  found("cls_bpf", try_cls_bpf(), "CONFIG_NET_CLS_BPF and CONFIG_NET_SCH_INGRESS");
  found("tcx", try_tcx(), "CONFIG_NET_XGRESS and CONFIG_BPF_SYSCALL");
  found("cgroup_link", try_cgroup_link(request.cgroup_root), "CONFIG_CGROUP_BPF, and a cgroup root that can be written");
  found("socket_storage", try_socket_storage(), "CONFIG_BPF_SYSCALL and CONFIG_NET");
  found("mapped_array", try_mapped_array(), "CONFIG_BPF_SYSCALL");
}

void check_programs(Findings& findings) {
  for (const auto& report : io::kernel::try_programs()) {
    if (report.ok)
      findings.push_back({Verdict::kOk, "program",
                          report.name + ": " + std::to_string(report.instructions) + " instructions verified in " +
                              std::to_string(report.verifier_time.count()) + " us",
                          ""});
    else if (report.on_demand)
      findings.push_back({Verdict::kWarn, "program", report.name + ": " + report.error,
                          "without it connected UDP sockets are told later, or not at all, that their Service's backend has gone"});
    else
      findings.push_back({Verdict::kFail, "program", report.name + ": " + report.error,
                          "the kernel refuses a program of this build; report it with this output and the kernel's release"});
  }
}

// Kernel settings that ichor must be able to write, and those of others that stand in its way.
void check_sysctls(Findings& findings) {
  using namespace io::kernel;
  std::set<std::string> own;
  for (const Path& path : {Path{"net", "ipv4", "ip_forward"}, Path{"net", "ipv6", "conf", "all", "forwarding"}}) {
    findings.push_back(
        finding_of("sysctl", try_sysctl(path), "switch it on in the machine configuration (machine.sysctls), or mount /proc/sys writable"));
    own.insert(base::join(path, "."));
  }
  for (const auto& setting : kernel_settings()) {
    if (own.contains(setting.name)) continue;
    const std::string value = setting.value.empty() ? " " : " is " + setting.value + (setting.text.empty() ? "" : ": ");
    findings.push_back(
        {setting.good ? Verdict::kOk : Verdict::kWarn, "kernel_setting", setting.name + value + setting.text, setting.remedy});
  }
}

void check_places(const CheckRequest& request, Findings& findings) {
  auto found = [&](const std::string& name, const std::string& path, const std::string& option) {
    findings.push_back(finding_of(name, io::kernel::try_directory(path), "name a place that can be written with " + option));
  };
  found("state_dir", request.state_dir, "--state-dir");
  found("run_dir", request.run_dir, "--run-dir");
  found("cni_conf_dir", request.cni_conf_dir, "--cni-conf-dir");
}

void check_settings(const CheckRequest& request, Findings& findings) {
  if (request.settings_errors.empty()) findings.push_back({Verdict::kOk, "settings", "valid", ""});
  for (const auto& error : request.settings_errors)
    findings.push_back({Verdict::kFail, "settings", error.subject + ": " + error.text, error.remedy});
}

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok  ";
    case Verdict::kWarn:
      return "warn";
    case Verdict::kFail:
      return "FAIL";
  }
  return "";
}

size_t count(const Findings& findings, Verdict verdict) {
  return static_cast<size_t>(std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.verdict == verdict; }));
}

}  // namespace

std::vector<Finding> check(const CheckRequest& request) {
  Findings findings;
  check_system(request, findings);
  check_features(request, findings);
  check_programs(findings);
  check_sysctls(findings);
  check_places(request, findings);
  check_settings(request, findings);
  return findings;
}

bool passed(const std::vector<Finding>& findings) { return count(findings, Verdict::kFail) == 0; }

std::string findings_text(const std::vector<Finding>& findings) {
  size_t width = 0;
  for (const auto& finding : findings) width = std::max(width, finding.name.size());
  std::string text;
  for (const auto& finding : findings) {
    text += std::string(word(finding.verdict)) + "  " + finding.name + std::string(width - finding.name.size(), ' ') + "  " +
            printable(finding.text) + "\n";
    if (!finding.advice.empty()) text += "      advice: " + printable(finding.advice) + "\n";
  }
  return text + std::to_string(count(findings, Verdict::kOk)) + " ok, " + std::to_string(count(findings, Verdict::kWarn)) + " warnings, " +
         std::to_string(count(findings, Verdict::kFail)) +
         " failed: " + (passed(findings) ? "ichor can run here\n" : "ichor cannot run here as it is\n");
}

}  // namespace status
