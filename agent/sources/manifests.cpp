#include "sources/manifests.h"

#include <sys/eventfd.h>

#include <system_error>

#include "sources/manifests/files.h"
#include "sources/manifests/follower.h"

namespace sources {

Manifests::Manifests(std::string directory, std::string state_dir, model::FactSink sink)
    : follower_(std::make_unique<manifests::Follower>(std::move(directory), std::move(state_dir), std::move(sink))) {}

Manifests::~Manifests() {
  if (!thread_.joinable()) return;
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
}

base::Result<void> Manifests::start() {
  stop_ = base::Fd(::eventfd(0, EFD_CLOEXEC));
  if (!stop_) return base::errno_error("eventfd");
  try {
    thread_ = std::thread([this] { follower_->run(stop_.get()); });
  } catch (const std::system_error& error) {
    return base::system_error(error.code().value(), "manifests thread");
  }
  return {};
}

base::Result<model::Fact> load_manifests(const std::string& path) {
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
  model::Fact fact{collection.changes(), {}, {}, false};
  model::SourceStatus status{model::SourceId::kObjects, true, collection.summary()};
  fact.changes.push_back(model::put(status));
  return fact;
}

}  // namespace sources
