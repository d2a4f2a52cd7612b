// Files that ichor writes whole, such as the CNI conf.
#pragma once

#include <string>
#include <vector>

#include "io/store.h"
#include "model/desired/rows.h"

namespace io::files {

class FileStore : public Store<model::desired::File> {
 public:
  // The paths that may be ichor's: the only ones that list() reads.
  explicit FileStore(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  base::Result<std::vector<model::desired::File>> list() override;
  base::Result<void> put(const model::desired::File& row, const model::desired::File* actual) override;
  base::Result<void> remove(const model::desired::File& actual) override;

 private:
  std::vector<std::string> paths_;
};

}  // namespace io::files
