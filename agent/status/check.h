// The verb check: will ichor run on this machine with these settings? Each thing is tried; each failure comes with advice.
#pragma once

#include <string>
#include <vector>

#include "model/problem.h"

namespace status {

struct CheckRequest {
  std::string bpf_root, cgroup_root, state_dir, run_dir, cni_conf_dir;
  std::vector<model::Problem> settings_errors;  // as found by whoever read the settings
  bool netkit = false;                          // bpf.datapathMode asks for it
};

enum class Verdict { kOk, kWarn, kFail };

struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string name;
  std::string text;    // what was seen
  std::string advice;  // "" for what is well
};

// Needs privileges to succeed, none to be called. Leaves nothing behind.
std::vector<Finding> check(const CheckRequest& request);
bool passed(const std::vector<Finding>& findings);
std::string findings_text(const std::vector<Finding>& findings);  // the last line is a summary

}  // namespace status
