#include "status/remarks.h"

namespace status {
namespace {

constexpr base::Millis kLasted{1'000};            // what a start passes through is gone by then
constexpr base::Millis kForgottenAfter{600'000};  // after which the same is news again
constexpr size_t kSaidAtOnce = 10;

std::string without_digits(const std::string& text) {
  std::string rest;
  for (char c : text)
    if (c < '0' || c > '9') rest += c;
  return rest;
}

}  // namespace

std::vector<std::string> Remarks::due(const std::vector<std::string>& lines, base::BootTime now) {
  std::vector<std::string> said;
  size_t more = 0;
  waiting_ = false;
  std::erase_if(lines_, [now](const auto& line) { return now - line.second.seen > kForgottenAfter; });
  for (const auto& text : lines) {
    Line& line = lines_.try_emplace(without_digits(text), Line{now, now, false}).first->second;
    line.seen = now;
    if (line.said) continue;
    if (now - line.since < kLasted) {
      waiting_ = true;
      continue;
    }
    line.said = true;
    if (said.size() < kSaidAtOnce)
      said.push_back(text);
    else
      ++more;
  }
  // What passes before it has lasted was never there.
  std::erase_if(lines_, [now](const auto& line) { return !line.second.said && line.second.seen != now; });
  if (more) said.push_back("and " + std::to_string(more) + " more: see /status");
  return said;
}

}  // namespace status
