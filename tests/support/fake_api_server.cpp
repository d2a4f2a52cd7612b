#include "support/fake_api_server.h"

#include "base/text.h"

namespace support {
namespace {

using nlohmann::json;

std::map<std::string, std::string> query_of(const std::string& target) {
  std::map<std::string, std::string> query;
  for (auto part : base::split(std::string_view(target).substr(target.find('?') + 1), '&')) {
    size_t equals = part.find('=');
    if (equals != std::string_view::npos) query[std::string(part.substr(0, equals))] = part.substr(equals + 1);
  }
  return query;
}

std::string key_of(const json& object) {
  const json& metadata = object.at("metadata");
  std::string name = metadata.at("name");
  return metadata.contains("namespace") ? metadata.at("namespace").get<std::string>() + "/" + name : name;
}

std::string line(const std::string& type, const json& object) { return json{{"type", type}, {"object", object}}.dump() + "\n"; }

}  // namespace

void FakeApiServer::event(const std::string& type, const std::string& key, json object) {
  object["metadata"]["resourceVersion"] = std::to_string(version_);
  object["metadata"]["labels"]["version"] = std::to_string(version_);  // what of it a row keeps
  history_.push_back({version_, line(type, object)});
  if (!key.empty()) objects_[key] = std::move(object);
}

void FakeApiServer::put(json object) {
  ++version_;
  std::string key = key_of(object);
  event(objects_.contains(key) ? "MODIFIED" : "ADDED", key, std::move(object));
}

void FakeApiServer::remove(const std::string& key) {
  if (!objects_.contains(key)) return;
  ++version_;
  ++deletions_[key];
  event("DELETED", "", objects_[key]);
  objects_.erase(key);
}

FakeApiServer::Stream FakeApiServer::open(const std::string& target) {
  auto query = query_of(target);
  return query.contains("watch") ? watch(query) : list(query);
}

FakeApiServer::Stream FakeApiServer::list(const std::map<std::string, std::string>& query) {
  if (!query.contains("limit") && whole_lists_ == WholeLists::kTooSlow)
    return {{504, "Timeout", "the request timed out", {}}, "", false, 0, true};
  size_t limit = query.contains("limit") ? 3 : objects_.size() + 1, start = 0;  // small pages, whatever was asked for
  uint64_t version = version_;
  if (query.contains("continue")) {
    std::string token = query.at("continue");
    version = std::stoull(token.substr(0, token.find('.')));
    start = std::stoull(token.substr(token.find('.') + 1));
    // Pages of an old state are gone once it changed: what a real server does some minutes later.
    if (version != version_) return ++gone, Stream{{410, "Expired", "the continue token is too old", {}}, "", false, 0, true};
  } else {
    ++lists;
  }
  json items = json::array();
  size_t position = 0;
  for (const auto& [key, object] : objects_) {
    if (position++ < start) continue;
    if (items.size() == limit) break;
    items.push_back(object);
  }
  json metadata = {{"resourceVersion", std::to_string(version)}};
  if (start + items.size() < objects_.size()) metadata["continue"] = std::to_string(version) + "." + std::to_string(start + items.size());
  return {{200, "", "", {}}, json{{"kind", "ServiceList"}, {"metadata", metadata}, {"items", items}}.dump() + "\n", false, 0, false};
}

FakeApiServer::Stream FakeApiServer::watch(const std::map<std::string, std::string>& query) {
  ++watches;
  const uint64_t from = std::stoull(query.at("resourceVersion"));
  if (from < oldest_) return ++gone, Stream{{410, "Expired", "too old resource version", {}}, "", false, 0, true};
  return {{200, "", "", {}}, "", true, from, false};
}

std::string FakeApiServer::body(Stream& stream) {
  std::string text = std::exchange(stream.text, {});
  if (!stream.is_watch) {
    stream.ended = true;
    return text;
  }
  if (stream.from < oldest_ && text.empty()) {
    stream.ended = true;
    ++gone;
    return line("ERROR", {{"kind", "Status"}, {"code", 410}, {"reason", "Expired"}, {"message", "too old resource version"}});
  }
  for (const auto& event : history_)
    if (event.version > stream.from) text += event.line;
  if (text.size()) stream.from = version_;
  return text;
}

std::map<std::string, std::string> FakeApiServer::versions() const {
  std::map<std::string, std::string> versions;
  for (const auto& [key, object] : objects_) versions[key] = object.at("metadata").at("resourceVersion");
  return versions;
}

}  // namespace support
