#include "base/text.h"
#include "sources/decode/text.h"
#include "sources/decode/utf8.h"
#include "sources/decode/yaml_events.h"

namespace sources::decode {
namespace {

bool starts_document(std::string_view line) {
  return line.starts_with("---") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}
bool has_content(std::string_view line) {
  line = base::trim(starts_document(line) ? line.substr(3) : line);
  return !line.empty() && line[0] != '#' && line[0] != '%' && line != "...";
}

}  // namespace

// A line that starts with --- cannot be part of a scalar (YAML 1.2.2 section 9.1.2), so documents can be told apart before parsing.
std::vector<YamlText> split_documents(std::string_view text) {
  std::vector<YamlText> documents;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  size_t from = 0;
  int from_line = 0;
  bool started = false, content = false;
  size_t position = 0;
  for (int line_number = 0; position < text.size(); ++line_number) {
    size_t end = std::min(text.find('\n', position), text.size());
    auto line = text.substr(position, end - position);
    bool starts = starts_document(line);
    if (starts && content) documents.push_back({text.substr(from, position - from), from_line});
    if (starts && (started || content)) from = position, from_line = line_number, content = false;
    started |= starts;
    content |= has_content(line);
    position = end + 1;
  }
  if (content) documents.push_back({text.substr(from), from_line});
  return documents;
}

std::vector<Document> parse_yaml(std::string_view text) {
  if (text.size() > kMaxTextBytes) return {base::Error{EFBIG, "larger than 16 MiB"}};
  if (!is_utf8(text)) return {base::Error{EINVAL, "is not UTF-8 text"}};
  auto texts = split_documents(text);
  if (texts.size() > kMaxObjects) return {base::Error{EFBIG, "more than " + std::to_string(kMaxObjects) + " documents"}};
  Budget budget;
  std::vector<Document> documents;
  for (const auto& [part, line] : texts) {
    auto parsed = parse_yaml_document(part, budget, JsonTree());
    if (auto* refusal = std::get_if<YamlRefusal>(&parsed))
      documents.push_back(base::Error{EINVAL, "line " + std::to_string(line + refusal->line + 1) + ": " + refusal->why});
    else if (auto& document = std::get<nlohmann::json>(parsed); !document.is_null())
      documents.push_back(std::move(document));
  }
  return documents;
}

}  // namespace sources::decode
