// What verbs of the engine need before the first turn.
#pragma once

#include <memory>

#include "engine/options.h"
#include "engine/stores.h"
#include "model/fact_sink.h"

namespace sources {
class ApiServer;
class Manifests;
}  // namespace sources

namespace engine {

constexpr int kUsageError = 2;

// False, with the reason on stderr, when two places are given to read objects from.
bool one_origin(const Options& options);

// What the configuration asks of the kernel is tried, in namespaces of its own.
model::Identity identity_of(const Options& options, const std::string& node_name, const model::Config& config);

// Config, Setting, Problem and SourceStatus rows, and the configuration itself. With errors and nothing kept from an earlier start there is
// no Config row, and nothing is written for want of one.
struct StartSettings {
  model::Changes changes;
  model::Config config;  // in force; all defaults when there is none
  bool fresh = false;    // the files were good, and are worth keeping
};
StartSettings start_settings(const Options& options);

// Where statuses of objects are written to: the place that the objects come from.
StatusStore status_store(const Options& options, const model::Config& config, const model::FactSink& sink);

// The source of Kubernetes objects that the options name, started. Its problems become rows; the error is one of starting a thread.
class ObjectSource {
 public:
  ObjectSource(const Options& options, const std::string& node_name, const model::Config& config, const model::FactSink& sink);
  ~ObjectSource();
  base::Result<void> start();

 private:
  std::unique_ptr<sources::Manifests> manifests_;
  std::unique_ptr<sources::ApiServer> api_server_;
};

}  // namespace engine
