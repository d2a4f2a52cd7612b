// Manifest mode's API server: what would be written to it lies in DIR/.status, a file per object that holds the object with its status.
// Several nodes' agents may share the directory, so a file is known by the row that asks for it and by nothing else.
#pragma once

#include <string>
#include <vector>

#include "io/store.h"
#include "model/desired/rows.h"

namespace io::files {

class StatusFiles : public Store<model::desired::StatusPatch> {
 public:
  explicit StatusFiles(std::string directory) : directory_(std::move(directory)) {}

  base::Result<std::vector<model::desired::StatusPatch>> list() override;
  bool holds(const model::desired::StatusPatch& row) override;
  base::Result<void> put(const model::desired::StatusPatch& row, const model::desired::StatusPatch* actual) override;
  base::Result<void> remove(const model::desired::StatusPatch& actual) override;

 private:
  std::string path_of(const model::desired::StatusPatch& row) const;

  std::string directory_;
};

}  // namespace io::files
