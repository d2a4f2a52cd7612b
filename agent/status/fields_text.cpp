#include "status/fields_text.h"

namespace status {

using namespace model;

namespace {

std::string name_of(const auto& row) { return row.key(); }
std::string name_of(const desired::ServiceSet& set) { return set.id.text(); }
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
