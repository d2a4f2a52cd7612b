#include "status/fields_text.h"

namespace status {

using namespace model;

std::string endpoint_text(const base::Ip& address, uint16_t port) {
  std::string text = base::to_string(address);
  if (!address.is_v4()) text = "[" + text + "]";
  return text + ":" + std::to_string(port);
}

namespace {

std::string name_of(const auto& row) { return row.key(); }
std::string name_of(const desired::ServiceEntry& entry) { return entry.name.empty() ? entry.key() : entry.name; }
std::string name_of(const desired::Attachment& attachment) {
  return std::string(desired::facts_of(attachment.hook).name) + "@" + attachment.target;
}

}  // namespace

std::string row_name(const desired::Row& row) {
  return std::visit([](const auto& alternative) { return name_of(alternative); }, row);
}

std::string row_name(const desired::SharedRow& row) {
  return std::visit([](const auto& shared) { return name_of(*shared); }, row);
}

std::string address_text(const base::Ip& address) { return address.is_unspecified() ? "" : base::to_string(address); }

std::vector<std::string> label_texts(const std::map<std::string, std::string>& labels) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : labels) texts.push_back(key + "=" + value);
  return texts;
}

}  // namespace status
