// What the command line says to the verbs run, plan and check, and these verbs' way into the engine. Called by main only.
#pragma once

#include <string>
#include <vector>

#include "model/config.h"
#include "model/problem.h"

namespace engine {

constexpr const char* kKubeletKubeconfig = "/etc/kubernetes/kubeconfig-kubelet";
constexpr const char* kKubeletCertificate = "/var/lib/kubelet/pki/kubelet-client-current.pem";

struct Options {
  std::vector<std::string> config_files;  // later ones win
  std::vector<std::string> sets;          // "key=value", win over files
  std::string kubeconfig;                 // of the API server; kKubeletKubeconfig when neither this nor manifests is given
  std::string manifests;                  // directory of Kubernetes objects, in place of an API server
  std::string node_name;                  // "": see engine/own_name.h
  std::string bpf_root = "/sys/fs/bpf/ichor";
  std::string state_dir = "/var/lib/ichor";
  std::string run_dir = "/run/ichor";
  std::string cni_conf_dir = "/etc/cni/net.d";
  std::string http_address = "127.0.0.1:9879";  // ADDRESS:PORT
};

// Exit codes. run returns after SIGTERM or SIGINT; plan prints desired rows and problems and touches nothing.
int run(const Options& options);
int plan(const Options& options, bool json);

// Prints what ichor takes of these values files of Cilium's chart, and says what it leaves out and why.
int settings(const std::vector<std::string>& files);

// The settings as an agent with these options would read them; config is the default one where there are errors.
struct SettingsReading {
  model::Config config;
  std::vector<model::Problem> errors;
};
SettingsReading read_settings(const Options& options);

// Every key of a values file with what ichor makes of it, for --help.
std::string settings_help();

}  // namespace engine
