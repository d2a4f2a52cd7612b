#include "status/answers.h"

#include <optional>

#include "base/text.h"
#include "status/page.h"
#include "status/readiness.h"
#include "status/render.h"
#include "status/summary.h"

namespace status {
namespace {

using io::http::Request;
using io::http::Response;

constexpr const char* kTablesPrefix = "/tables/";
constexpr const char* kPaths = "/  /healthz  /readyz  /status  /tables  /tables/NAME  (?format=text or json)";

enum class Format { kText, kJson };

// The query decides, else the header, else text; nullopt for a format that is none.
std::optional<Format> format_of(const Request& request) {
  if (auto format = request.query.find("format"); format != request.query.end()) {
    if (format->second == "text") return Format::kText;
    if (format->second == "json") return Format::kJson;
    return std::nullopt;
  }
  return request.accept.find("application/json") != std::string::npos ? Format::kJson : Format::kText;
}

Response in_format(Format format, int status, std::string text) {
  return {status, format == Format::kJson ? "application/json" : "text/plain; charset=utf-8", std::move(text)};
}

Response plain(int status, std::string text) { return in_format(Format::kText, status, std::move(text)); }

Response health(const Moment& moment) {
  return moment.alive ? plain(200, "ok\n") : plain(503, "the engine's loop has stopped turning; the agent should be restarted\n");
}

Response readiness_answer(const Moment& moment, Format format) {
  auto checks = readiness(*moment.published);
  if (!moment.alive) checks.insert(checks.begin(), {"engine", false, "its loop has stopped turning"});
  return in_format(format, ready(checks) ? 200 : 503, format == Format::kJson ? readiness_json(checks) : readiness_text(checks));
}

Response whole_status(const Moment& moment, Format format) {
  Summary summary = summarize(*moment.published, moment.now, moment.look_around(moment.published->snapshot.identity.bpf_root));
  return in_format(format, 200, format == Format::kJson ? summary_json(summary) : summary_text(summary));
}

Response view(const TableView& table, Format format) {
  return in_format(format, 200, format == Format::kJson ? render_json(table) : render_text(table));
}

Response not_listed(const base::Error& error) {
  if (error.code == ENOENT) return plain(503, "no datapath is loaded: " + error.text + "\n");
  return plain(500, error.text + "\n");
}

// A place is given back however the answer ends.
class Place {
 public:
  explicit Place(KernelMaps& kernel) : places_(kernel.places), taken_(places_.try_acquire()) {}
  ~Place() {
    if (taken_) places_.release();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  bool taken() const { return taken_; }

 private:
  std::counting_semaphore<>& places_;
  bool taken_;
};

Response one_listing(const ListingDefinition& definition, const Request& request, const Moment& moment, Format format) {
  auto filters = parse_filters(request.query, definition.filters);
  if (!filters.ok()) return plain(400, filters.error().text + "\n");
  const Place place(*moment.kernel);
  if (!place.taken()) return plain(503, "others are looking through the kernel's maps; ask again\n");
  auto listing = definition.list(*moment.published, *moment.kernel, *filters);
  if (!listing.ok()) return not_listed(listing.error());
  Response response = view(listing->view, format);
  const std::string note = listing_note(definition, *listing);
  if (note.empty()) return response;
  response.headers[kNoteHeader] = note;
  if (format == Format::kText) response.body += note + "\n";
  return response;
}

Response one_table(const std::string& name, const Request& request, const Moment& moment, Format format) {
  if (const ListingDefinition* listing = find_listing(name)) return one_listing(*listing, request, moment, format);
  if (const TableDefinition* table = find_table(name)) {
    auto filters = parse_filters(request.query, {});
    return filters.ok() ? view(table->view(*moment.published), format) : plain(400, filters.error().text + "\n");
  }
  std::string text = "there is no table \"" + printable(name) + "\"";
  if (auto near = nearest_table(name); !near.empty()) text += "; did you mean " + std::string(near) + "?";
  return plain(404, text + "\nall tables: ichor-agent get, or /tables\n");
}

}  // namespace

Response answer(const Request& request, const Moment& moment) {
  const std::string& path = request.path;
  if (path == "/healthz") return health(moment);
  if (path == "/") return {200, "text/html; charset=utf-8", std::string(kPage)};
  bool is_table = path.rfind(kTablesPrefix, 0) == 0;
  if (path != "/readyz" && path != "/status" && path != "/tables" && !is_table)
    return plain(404, "nothing here; there is: " + std::string(kPaths) + "\n");
  auto format = format_of(request);
  if (!format) return plain(400, "format is text or json\n");
  if (!moment.published) return plain(503, "the agent has just started and knows nothing yet\n");
  if (path == "/readyz") return readiness_answer(moment, *format);
  if (path == "/status") return whole_status(moment, *format);
  if (path == "/tables") return view(table_of_tables(*moment.published), *format);
  return one_table(path.substr(std::string_view(kTablesPrefix).size()), request, moment, *format);
}

}  // namespace status
