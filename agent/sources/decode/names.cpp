#include "sources/decode/names.h"

#include <algorithm>

namespace sources::decode {
namespace {

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_label_char(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; }
bool is_label_of(std::string_view name, size_t longest) {
  return !name.empty() && name.size() <= longest && name.front() != '-' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), is_label_char);
}

}  // namespace

bool is_dns_label(std::string_view name) { return is_label_of(name, 63); }

bool is_dns_subdomain(std::string_view name) {
  if (name.size() > 253) return false;
  for (;;) {
    size_t dot = name.find('.');
    if (!is_label_of(name.substr(0, dot), 253)) return false;  // Kubernetes bounds the whole name only
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

bool is_port_name(std::string_view name) {
  return is_label_of(name, 15) && std::any_of(name.begin(), name.end(), is_letter) && name.find("--") == std::string_view::npos;
}

}  // namespace sources::decode
