#include "status/fields_text.h"

#include "base/text.h"

namespace status {

using namespace model;

namespace {

std::string name_of(const auto& row) { return row.key(); }
std::string name_of(const desired::ServiceSet& set) { return set.id.text(); }
std::string name_of(const desired::Attachment& attachment) {
  return std::string(desired::facts_of(attachment.hook).name) + "@" + attachment.target;
}

std::string value_text(const FieldValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return base::join(std::get<std::vector<std::string>>(value), ",");
}

}  // namespace

std::string fields_text(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields)
    if (std::string shown = value_text(value); !shown.empty()) text.append(text.empty() ? "" : " ").append(name).append("=").append(shown);
  return text;
}

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
