// How single values are written in fields: one spelling for ports, lists of addresses and what rows are called.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/ip.h"
#include "model/desired/rows.h"
#include "status/fields.h"

namespace status {

using base::endpoint_text;
// What a person calls a desired row: its key, but for kinds whose keys are made of numbers.
std::string row_name(const model::desired::Row& row);
std::string row_name(const model::desired::SharedRow& row);  // not null
// "name=value name=value", without those that are empty.
std::string fields_text(const Fields& fields);
// Unspecified addresses are written as nothing: they stand for "none" in rows.
std::string address_text(const base::Ip& address);
std::vector<std::string> label_texts(const std::map<std::string, std::string>& labels);  // "key=value"

}  // namespace status
