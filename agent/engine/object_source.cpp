// Where an agent's Kubernetes objects come from: the API server by a kubeconfig, or a directory of manifests.
#include "engine/startup.h"
#include "io/kube/client.h"
#include "sources/api_server.h"
#include "sources/manifests.h"

namespace engine {
namespace {

std::string server_name(const std::string& kubeconfig, const model::Config& config) {
  if (config.k8s_service_host.empty()) return "API server of " + kubeconfig;
  return "API server " + config.k8s_service_host + (config.k8s_service_port ? ":" + std::to_string(config.k8s_service_port) : "");
}

}  // namespace

ObjectSource::ObjectSource(const Options& options, const model::Config& config, const model::FactSink& sink) {
  if (!options.manifests.empty()) {
    manifests_ = std::make_unique<sources::Manifests>(options.manifests, options.state_dir, sink);
    return;
  }
  std::string kubeconfig = options.kubeconfig.empty() ? kKubeletKubeconfig : options.kubeconfig;
  auto connect = io::kube::make_connector({kubeconfig, config.k8s_service_host, config.k8s_service_port});
  api_server_ = std::make_unique<sources::ApiServer>(
      sources::ApiServer::Setup{std::move(connect), server_name(kubeconfig, config), options.node_name, options.state_dir}, sink);
}

ObjectSource::~ObjectSource() = default;

base::Result<void> ObjectSource::start() { return manifests_ ? manifests_->start() : api_server_->start(); }

}  // namespace engine
