// From argv to one verb. The verbs themselves live in engine and status.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "engine/options.h"
#include "status/check.h"
#include "status/client.h"
#include "status/version.h"

namespace {

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

void add_settings(CLI::App& verb, engine::Options& options) {
  verb.add_option("--config", options.config_files, "values file, keys as in Cilium's Helm chart; repeatable, later ones win")->type_name("FILE")->allow_extra_args(false);
  verb.add_option("--set", options.sets, "one key of a values file; repeatable, wins over files")->type_name("KEY=VALUE")->allow_extra_args(false);
}

void add_objects(CLI::App& verb, engine::Options& options) {
  verb.add_option("--manifests", options.manifests, "read Kubernetes objects from this directory instead of the API server")->type_name("DIR");
  verb.add_option("--kubeconfig", options.kubeconfig, "how to reach the API server; default: the kubelet's")->type_name("FILE");
  verb.add_option("--node-name", options.node_name, "name of this node's Node object")->type_name("NAME")->capture_default_str();
}

void add_places(CLI::App& verb, engine::Options& options) {
  verb.add_option("--bpf-root", options.bpf_root, "where programs and maps are pinned")->type_name("DIR")->capture_default_str();
  verb.add_option("--state-dir", options.state_dir, "what must survive a restart")->type_name("DIR")->capture_default_str();
  verb.add_option("--run-dir", options.run_dir, "socket for the CNI plugin, status file")->type_name("DIR")->capture_default_str();
  verb.add_option("--cni-conf-dir", options.cni_conf_dir, "where the CNI configuration is written")->type_name("DIR")->capture_default_str();
}

void add_address(CLI::App& verb, std::string& address) {
  verb.add_option("--http-address,--address", address, "the agent's HTTP endpoint")->type_name("ADDRESS:PORT")->capture_default_str();
}

void add_format(CLI::App& verb, std::string& format) {
  verb.add_option("-o,--output", format, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
}

int check(const engine::Options& options) {
  auto settings = engine::read_settings(options);
  auto findings = status::check({options.bpf_root, settings.config.cgroup_root, options.state_dir, options.run_dir, options.cni_conf_dir,
                                 settings.errors});
  std::cout << status::findings_text(findings);
  return status::passed(findings) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  engine::Options options;
  options.node_name = host_name();
  std::string format = "text", table;
  CLI::App app("ichor, the network of a Talos node", "ichor-agent");
  app.require_subcommand(1);
  auto add_verb = [&](const char* name, const char* text) { return app.add_subcommand(name, text); };

  CLI::App* run = add_verb("run", "run the agent");
  CLI::App* plan = add_verb("plan", "print what the agent would make of these settings and objects; touches nothing");
  CLI::App* check_verb = add_verb("check", "try whether ichor can run on this machine");
  CLI::App* status_verb = add_verb("status", "how the running agent is");
  CLI::App* get = add_verb("get", "print a table of the running agent; without a name, list the tables");
  CLI::App* version = add_verb("version", "print the version");
  for (CLI::App* verb : {run, plan, check_verb}) add_settings(*verb, options), add_places(*verb, options);
  for (CLI::App* verb : {run, plan}) add_objects(*verb, options);
  for (CLI::App* verb : {run, status_verb, get}) add_address(*verb, options.http_address);
  for (CLI::App* verb : {plan, status_verb, get}) add_format(*verb, format);
  for (CLI::App* verb : {run, plan, check_verb}) verb->footer(engine::settings_help);
  get->add_option("TABLE", table, "name of a table");

  CLI11_PARSE(app, argc, argv);
  const status::Question question{options.http_address, format};
  if (*run) return engine::run(options);
  if (*plan) return engine::plan(options, format == "json");
  if (*check_verb) return check(options);
  if (*status_verb) return status::show_status(question);
  if (*get) return status::show_table(question, table);
  if (*version) std::cout << "ichor " << status::version() << "\n";
  return 0;
}
