#include "sources/api_server.h"

#include "sources/api_server/collector.h"
#include "sources/api_server/resources.h"
#include "sources/api_server/watcher.h"

namespace sources {

using api_server::Collector;

ApiServer::ApiServer(const Setup& setup, model::FactSink sink)
    : collector_(
          std::make_unique<Collector>(Collector::Setup{setup.server, setup.node_name, setup.state_dir + "/objects"}, std::move(sink))) {
  for (size_t kind = 0; kind < api_server::resources().size(); ++kind) {
    auto report = [this, kind](api_server::Events events) { collector_->push(Collector::Reported{kind, std::move(events)}); };
    auto reached = [this] {
      for (auto& watcher : watchers_) watcher->retry();
    };
    watchers_.push_back(std::make_unique<api_server::Watcher>(kind, setup.node_name, setup.service_proxy_name, setup.connect(),
                                                              api_server::Watcher::Callbacks{report, reached}));
  }
}

// A watcher speaks to the others until it is joined.
ApiServer::~ApiServer() {
  for (auto& watcher : watchers_) watcher->stop();
  for (auto& watcher : watchers_) watcher->join();
  watchers_.clear();
  if (!thread_.joinable()) return;
  collector_->push(Collector::Stop{});
  thread_.join();
}

base::Result<void> ApiServer::start() {
  TRY(collector_->start());
  TRY(thread_.start([this] { collector_->run(); }));
  for (auto& watcher : watchers_) TRY(watcher->start());
  return {};
}

}  // namespace sources
