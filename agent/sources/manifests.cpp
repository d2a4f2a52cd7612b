#include "sources/manifests.h"

#include "sources/manifests/files.h"
#include "sources/manifests/follower.h"

namespace sources {

Manifests::Manifests(std::string directory, std::string state_dir, model::FactSink sink)
    : follower_(std::make_unique<manifests::Follower>(std::move(directory), std::move(state_dir), std::move(sink))) {}

Manifests::~Manifests() = default;

base::Result<void> Manifests::start() {
  return thread_.start([this](int stop) { follower_->run(stop); });
}

base::Result<model::Changes> load_manifests(const std::string& path) {
  auto directory = TRY(manifests::open_directory(path));
  auto names = TRY_IN(manifests::list_manifests(directory.get()), path);
  manifests::Collection collection;
  for (auto& file : manifests::read_files(directory.get(), names)) {
    if (file.error == ENOENT) continue;
    if (file.error)
      collection.put_unreadable(file.name, file.error_text);
    else
      collection.put(file.name, std::move(file.contents));
  }
  model::Changes changes = collection.changes();
  model::SourceStatus status{model::SourceId::kObjects, true, collection.summary()};
  changes.push_back(model::put(status));
  return changes;
}

}  // namespace sources
