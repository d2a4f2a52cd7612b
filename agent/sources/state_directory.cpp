#include "sources/state_directory.h"

#include <poll.h>

#include "io/files/files.h"

namespace sources {
namespace {

constexpr int kLookEveryMs = 10'000;
constexpr int kLookAgainMs = 1'000;  // while something is amiss

// A page: a file system that is full may have room for a name.
base::Result<void> try_to_write(const std::string& directory) {
  const std::string path = directory + "/.written";
  TRY(io::files::write_file(path, std::string(4096, '\n')));
  return io::files::remove_file(path);
}

}  // namespace

StateDirectory::StateDirectory(std::string directory, std::vector<PendingWrite> pending, model::FactSink sink)
    : directory_(std::move(directory)), pending_(std::move(pending)), sink_(std::move(sink)) {}

base::Result<void> StateDirectory::start() {
  const bool well = look();
  return thread_.start([this, well](int stop) {
    pollfd stopped{stop, POLLIN, 0};
    for (bool good = well; ::poll(&stopped, 1, good ? kLookEveryMs : kLookAgainMs) <= 0;) good = look();
  });
}

bool StateDirectory::look() {
  const auto written = try_to_write(directory_);
  report("", written,
         {"state directory " + directory_, "cannot be written, and no pod can be attached: ", "give it room, or mount it writable"});
  if (!written) return false;
  std::erase_if(pending_, [this](const PendingWrite& write) {
    const auto done = write.run();
    report(write.subject, done, {write.subject, "not written to " + directory_ + ": ", "it is tried again"});
    return done.ok();
  });
  return pending_.empty();
}

void StateDirectory::report(const std::string& name, const base::Result<void>& outcome, const model::Problem& problem) {
  const std::string text = outcome.ok() ? "" : problem.text + outcome.error().text;
  if (std::exchange(reported_[name], text) == text) return;
  constexpr auto kOrigin = model::Origin::kStateDirectory;
  sink_(model::Changes{outcome.ok() ? model::gone_problem(kOrigin, name)
                                    : model::put_problem(kOrigin, name, {problem.subject, text, problem.remedy})});
}

}  // namespace sources
