// From argv to one verb. The verbs themselves live in engine and status.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "engine/options.h"
#include "status/check.h"
#include "status/client.h"
#include "status/version.h"

namespace {

constexpr int kUsageError = 2;

void add_option(CLI::App& verb, const char* name, std::string& value, const char* type, const char* text) {
  CLI::Option* option = verb.add_option(name, value, text)->type_name(type);
  if (!value.empty()) option->capture_default_str();
}

void add_list(CLI::App& verb, const char* name, std::vector<std::string>& values, const char* type, const char* text) {
  verb.add_option(name, values, text)->type_name(type)->allow_extra_args(false);
}

void add_settings_and_places(CLI::App& verb, engine::Options& options) {
  add_list(verb, "--config", options.config_files, "FILE", "values file, keys as in Cilium's Helm chart; repeatable, later ones win");
  add_list(verb, "--set", options.sets, "KEY=VALUE", "one key of a values file; repeatable, wins over files");
  add_option(verb, "--bpf-root", options.bpf_root, "DIR", "where programs and maps are pinned");
  add_option(verb, "--state-dir", options.state_dir, "DIR", "what must survive a restart");
  add_option(verb, "--run-dir", options.run_dir, "DIR", "socket for the CNI plugin, status file");
  add_option(verb, "--cni-conf-dir", options.cni_conf_dir, "DIR", "where the CNI configuration is written");
  verb.footer(engine::settings_help);
}

void add_objects(CLI::App& verb, engine::Options& options) {
  add_option(verb, "--manifests", options.manifests, "DIR", "where Kubernetes objects are read from, in place of an API server");
  add_option(verb, "--node-name", options.node_name, "NAME",
             "name of this node's Node object; without it the kubelet's certificate tells, or with --manifests the host name");
}

int check(const engine::Options& options) {
  auto settings = engine::read_settings(options);
  auto findings = status::check({options.bpf_root, settings.config.cgroup_root, options.state_dir, options.run_dir, options.cni_conf_dir,
                                 settings.errors, settings.config.pod_links == model::LinkKind::kNetkit});
  std::cout << status::findings_text(findings);
  return status::passed(findings) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  ::umask(022);  // who starts the agent may have none, and then what it makes would be everybody's to write
  engine::Options options;
  std::string format = "text", table;
  std::vector<std::string> values_files, filters;
  CLI::App app("ichor, the network of a Talos node", "ichor-agent");
  app.require_subcommand(0, 1);
  app.footer(engine::settings_help);
  auto add_verb = [&](const char* name, const char* text) { return app.add_subcommand(name, text); };

  CLI::App* run = add_verb("run", "run the agent");
  CLI::App* plan = add_verb("plan", "print what the agent would make of these settings and objects; touches nothing");
  CLI::App* check_verb = add_verb("check", "try whether ichor can run on this machine");
  CLI::App* settings =
      add_verb("settings", "print what ichor takes of Cilium's values files; the rest is listed with its reasons on stderr");
  CLI::App* status_verb = add_verb("status", "how the running agent is");
  CLI::App* get = add_verb("get", "print a table of the running agent; without a name, list the tables");
  CLI::App* version = add_verb("version", "print the version");
  for (CLI::App* verb : {run, plan, check_verb}) add_settings_and_places(*verb, options);
  for (CLI::App* verb : {run, plan}) add_objects(*verb, options);
  add_option(*run, "--kubeconfig", options.kubeconfig, "FILE", "API server and credentials; the kubelet's where --manifests is not given");
  for (CLI::App* verb : {run, status_verb, get})
    add_option(*verb, "--http-address,--address", options.http_address, "ADDRESS:PORT", "the agent's HTTP endpoint");
  for (CLI::App* verb : {plan, status_verb, get})
    verb->add_option("-o,--output", format, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  settings->add_option("FILE", values_files, "values file, or object that carries one; - for standard input")->required();
  get->add_option("TABLE", table, "name of a table");
  get->add_option("FILTER", filters, "NAME=VALUE, for connections, nat and fronts: address=10.0.0.1 port=80 limit=20");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) ? kUsageError : 0;
  }
  const status::Question question{options.http_address, format};
  if (*run) return engine::run(options);
  if (*plan) return engine::plan(options, format == "json");
  if (*settings) return engine::settings(values_files);
  if (*check_verb) return check(options);
  if (*status_verb) return status::show_status(question);
  if (*get) return status::show_table(question, table, filters);
  if (*version) {
    std::cout << "ichor " << status::version() << "\n";
    return 0;
  }
  std::cerr << app.help();
  return kUsageError;
}
