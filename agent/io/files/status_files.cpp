#include "io/files/status_files.h"

#include <nlohmann/json.hpp>

#include "io/files/files.h"
#include "io/status_patch.h"

namespace io::files {

using model::desired::StatusPatch;

namespace {

base::Result<std::string> text_of(const StatusPatch& row) try {
  nlohmann::json object = {{"apiVersion", row.api_version}, {"kind", row.kind}, {"metadata", {{"name", row.name}}}};
  if (!row.ns.empty()) object["metadata"]["namespace"] = row.ns;
  object["status"] = nlohmann::json::parse(row.status);
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
} catch (const nlohmann::json::exception& wrong) {
  return base::Error{EINVAL, "status of " + row.kind + " " + row.name + ": " + wrong.what()};
}

}  // namespace

std::string StatusFiles::path_of(const StatusPatch& row) const { return directory_ + "/" + row.key() + ".json"; }

base::Result<std::vector<StatusPatch>> StatusFiles::list() { return std::vector<StatusPatch>(); }

bool StatusFiles::holds(const StatusPatch& row) {
  const auto written = read_file(path_of(row));
  const auto text = text_of(row);
  return written && text && equal_but_for_time(*written, *text);
}

base::Result<void> StatusFiles::put(const StatusPatch& row, const StatusPatch*) {
  return write_file(path_of(row), with_time(TRY(text_of(row)), utc_now()));
}

base::Result<void> StatusFiles::remove(const StatusPatch&) { return {}; }

}  // namespace io::files
