#include "io/files/sandbox_records.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "io/cni/port_mappings.h"
#include "io/files/files.h"

namespace io::files {

namespace {

using model::desired::SandboxRecord;
using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::string_view kSuffix = ".json";

std::string encode(const SandboxRecord& record) {
  json addresses = json::array();
  for (const base::Ip& address : record.addresses) addresses.push_back(base::to_string(address));
  const model::SandboxIdentity& identity = record.identity;
  const json document = {{"version", kVersion},
                         {"containerId", identity.container_id},
                         {"ifname", identity.ifname},
                         {"podNamespace", identity.pod_namespace},
                         {"podName", identity.pod_name},
                         {"podUid", identity.pod_uid},
                         {"netns", identity.netns_path},
                         {"incarnation", identity.incarnation},
                         {"addresses", std::move(addresses)},
                         {"portMappings", io::cni::port_mappings(identity.host_ports)},
                         {"link", model::link_kind_name(record.link_kind)},
                         {"complete", record.complete}};
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

base::Result<std::vector<base::Ip>> decode_addresses(const json& document) {
  std::vector<base::Ip> addresses;
  for (const json& text : document.at("addresses")) {
    const auto ip = base::parse_ip(text.get_ref<const std::string&>());
    if (!ip) return base::Error{EINVAL, "addresses: not an address: " + text.get_ref<const std::string&>()};
    addresses.push_back(*ip);
  }
  return addresses;
}

base::Result<SandboxRecord> decode(const std::string& text) try {
  const json document = json::parse(text);
  if (document.at("version") != kVersion) return base::Error{EINVAL, "version: not " + std::to_string(kVersion)};
  SandboxRecord record;
  model::SandboxIdentity& identity = record.identity;
  identity.container_id = document.at("containerId").get<std::string>();
  identity.ifname = document.at("ifname").get<std::string>();
  identity.pod_namespace = document.at("podNamespace").get<std::string>();
  identity.pod_name = document.at("podName").get<std::string>();
  identity.pod_uid = document.at("podUid").get<std::string>();
  identity.netns_path = document.at("netns").get<std::string>();
  const json& incarnation = document.at("incarnation");
  if (!incarnation.is_number_unsigned() || incarnation.get<uint64_t>() > UINT32_MAX)
    return base::Error{EINVAL, "incarnation: not a 32 bit number"};
  identity.incarnation = incarnation.get<uint32_t>();
  record.addresses = TRY(decode_addresses(document));
  identity.host_ports = TRY(io::cni::parse_port_mappings(document.value("portMappings", json())));  // older versions knew none
  const auto kind = model::link_kind_of(document.value("link", std::string("veth")));               // older versions made nothing else
  if (!kind) return base::Error{EINVAL, "link: not a kind of link"};
  record.link_kind = *kind;
  record.complete = document.at("complete").get<bool>();
  return record;
} catch (const json::exception& wrong) {
  return base::Error{EINVAL, wrong.what()};
}

std::vector<base::Ip> readable_addresses(const std::string& text) try {
  auto addresses = decode_addresses(json::parse(text));
  return addresses ? std::move(*addresses) : std::vector<base::Ip>();
} catch (const json::exception&) {
  return {};
}

// Names in the directory, sorted; none where there is no directory.
base::Result<std::vector<std::string>> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code failed;
  std::filesystem::directory_iterator entry(directory, failed);
  if (failed == std::errc::no_such_file_or_directory) return names;
  for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed))
    names.push_back(entry->path().filename().string());
  if (failed) return base::system_error(failed.value(), directory);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

// Neither part of a key can hold a slash or begin with a dot and be longer than its checks allow (io/cni/protocol.h), so the name is
// one component of at most 128 + 1 + 15 + 1 + 36 + 5 bytes.
std::string SandboxRecords::path_of(const std::string& sandbox) const {
  std::string name = sandbox;
  std::replace(name.begin(), name.end(), '/', '@');
  return directory_ + "/" + name + "@" + boot_id_ + std::string(kSuffix);
}

bool SandboxRecords::is_of_this_boot(const std::string& name) const {
  return !name.starts_with('.') && name.ends_with("@" + boot_id_ + std::string(kSuffix));
}

std::optional<model::SandboxIdentity> SandboxRecords::identity_of(const std::string& name) const {
  const std::string key = name.substr(0, name.size() - boot_id_.size() - kSuffix.size() - 1);
  const size_t separator = key.find('@');  // container ids have none
  if (separator == 0 || separator == std::string::npos || separator + 1 == key.size()) return std::nullopt;
  model::SandboxIdentity identity;
  identity.container_id = key.substr(0, separator);
  identity.ifname = key.substr(separator + 1);
  return identity;
}

base::Result<std::vector<SandboxRecord>> SandboxRecords::list() {
  Content content = TRY(read());
  for (auto& unreadable : content.unreadable)
    content.records.push_back({.identity = std::move(unreadable.identity), .addresses = {}, .readable = false});
  return std::move(content.records);
}

// One that cannot be read may be a newer version's, which will want it again.
base::Result<void> SandboxRecords::put(const SandboxRecord& row, const SandboxRecord*) {
  if (!row.readable) return {};
  return write_file(path_of(row.key()), encode(row));
}

base::Result<void> SandboxRecords::remove(const SandboxRecord& actual) { return remove_file(path_of(actual.key())); }

base::Result<SandboxRecords::Content> SandboxRecords::read() const {
  Content content;
  for (const std::string& name : TRY(names_in(directory_))) {
    if (!is_of_this_boot(name)) continue;
    const auto identity = identity_of(name);
    if (!identity) continue;
    const std::string path = directory_ + "/" + name;
    const auto text = read_file(path);
    if (!text) {
      if (text.error().code != ENOENT) content.unreadable.push_back({*identity, path, text.error().text, {}});
      continue;
    }
    auto record = decode(*text);
    if (record && path_of(record->key()) != path) record = base::Error{EINVAL, "the file is named for another sandbox"};
    if (record)
      content.records.push_back(std::move(*record));
    else
      content.unreadable.push_back({*identity, path, record.error().text, readable_addresses(*text)});
  }
  return content;
}

bool SandboxRecords::has(const std::string& sandbox) const { return ::access(path_of(sandbox).c_str(), F_OK) == 0; }

base::Result<void> SandboxRecords::discard_void() const {
  for (const std::string& name : TRY(names_in(directory_))) {
    const bool ours = name.ends_with(kSuffix) || name.ends_with(std::string(kSuffix) + ".new");
    if (ours && !is_of_this_boot(name)) TRY(remove_file(directory_ + "/" + name));
  }
  return {};
}

}  // namespace io::files
