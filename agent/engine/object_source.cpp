// Where an agent's Kubernetes objects come from: the API server by a kubeconfig, or a directory of manifests.
#include "engine/startup.h"
#include "io/files/status_files.h"
#include "io/kube/client.h"
#include "io/kube/status_patches.h"
#include "sources/api_server.h"
#include "sources/manifests.h"

namespace engine {
namespace {

std::string kubeconfig_of(const Options& options) { return options.kubeconfig.empty() ? kKubeletKubeconfig : options.kubeconfig; }

io::kube::Connector connector_of(const Options& options, const model::Config& config) {
  return io::kube::make_connector({kubeconfig_of(options), config.k8s_service_host, config.k8s_service_port});
}

std::string server_name(const std::string& kubeconfig, const model::Config& config) {
  if (config.k8s_service_host.empty()) return "API server of " + kubeconfig;
  return "API server " + config.k8s_service_host + (config.k8s_service_port ? ":" + std::to_string(config.k8s_service_port) : "");
}

}  // namespace

StatusStore status_store(const Options& options, const model::Config& config, const model::FactSink& sink) {
  if (!options.manifests.empty()) return std::make_unique<io::files::StatusFiles>(options.manifests + "/.status");
  return std::make_unique<io::kube::StatusPatches>(connector_of(options, config), sink);
}

ObjectSource::ObjectSource(const Options& options, const std::string& node_name, const model::Config& config, const model::FactSink& sink) {
  if (!options.manifests.empty()) {
    manifests_ = std::make_unique<sources::Manifests>(options.manifests, options.state_dir, sink);
    return;
  }
  api_server_ = std::make_unique<sources::ApiServer>(
      sources::ApiServer::Setup{connector_of(options, config), server_name(kubeconfig_of(options), config), node_name, options.state_dir,
                                config.service_proxy_name},
      sink);
}

ObjectSource::~ObjectSource() = default;

base::Result<void> ObjectSource::start() { return manifests_ ? manifests_->start() : api_server_->start(); }

}  // namespace engine
