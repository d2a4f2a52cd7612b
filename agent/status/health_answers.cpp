#include "status/health_answers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/status_patch.h"

namespace status {
namespace {

using io::http::Response;
using Json = nlohmann::ordered_json;

Response in_json(bool good, const Json& json) {
  return {good ? 200 : 503, "application/json", json.dump(-1, ' ', false, Json::error_handler_t::replace), {}};
}

Response service_answer(const model::desired::HealthCheck& check, bool healthy) {
  const size_t slash = check.service.find('/');
  const Json json{{"service", {{"namespace", check.service.substr(0, slash)}, {"name", check.service.substr(slash + 1)}}},
                  {"localEndpoints", check.local_endpoints},
                  {"serviceProxyHealthy", healthy}};
  Response response = in_json(healthy && check.local_endpoints > 0, json);
  response.headers["X-Load-Balancing-Endpoint-Weight"] = std::to_string(check.local_endpoints);
  return response;
}

// Whoever is healthy was updated just now, as older kube-proxies said it.
Json times(const ProxyHealth& health, std::time_t utc) {
  const auto age = health.healthy ? std::chrono::seconds(0) : std::chrono::duration_cast<std::chrono::seconds>(health.age);
  return {{"lastUpdated", io::utc_text(utc - age.count())}, {"currentTime", io::utc_text(utc)}};
}

}  // namespace

ProxyHealth proxy_health(const model::Published* published, bool alive, base::BootTime now) {
  if (!published) return {alive, {}};
  const base::Millis idle = now - published->snapshot.now;
  if (!published->unprogrammed_since) return {alive, idle};
  const base::Millis amiss = now - *published->unprogrammed_since;
  return {alive && amiss < kHealthTimeout, std::max(amiss, idle)};
}

Response health_answer(const model::desired::HealthCheck& check, const std::string& path, const ProxyHealth& health, std::time_t utc) {
  if (!check.service.empty()) return service_answer(check, health.healthy);
  if (path != "/healthz" && path != "/livez") return {404, "text/plain; charset=utf-8", "nothing here; there is: /healthz  /livez\n", {}};
  Json json = times(health, utc);
  if (path == "/healthz") json["nodeEligible"] = check.node_eligible;
  json["healthy"] = health.healthy;
  return in_json(health.healthy && (path == "/livez" || check.node_eligible), json);
}

}  // namespace status
