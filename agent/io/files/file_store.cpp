#include "io/files/file_store.h"

#include "io/files/files.h"

namespace io::files {

using model::desired::File;

base::Result<std::vector<File>> FileStore::list() {
  std::vector<File> rows;
  for (const std::string& path : paths_) {
    auto content = read_file(path);
    if (content)
      rows.push_back({path, std::move(*content)});
    else if (content.error().code != ENOENT)
      return content.error();
  }
  return rows;
}

base::Result<void> FileStore::put(const File& row, const File*) { return write_file(row.path, row.content); }

// A runtime that lost its conf would call the node not ready: what is written stays.
base::Result<void> FileStore::remove(const File&) { return {}; }

}  // namespace io::files
