// Reads, merges, judges.
#include "sources/settings.h"

#include <cstdio>
#include <filesystem>

#include "io/files/files.h"
#include "sources/settings/convert.h"
#include "sources/settings/find_values.h"
#include "sources/settings/judge.h"
#include "sources/settings/set_argument.h"
#include "sources/settings/yaml.h"

namespace sources {
namespace {

constexpr size_t kMaxErrors = 50;  // a file of another kind has nothing but errors

template <class Read>
void lay_over(settings::Value& merged, Read read, std::vector<model::Problem>& errors) {
  if (auto* problem = std::get_if<model::Problem>(&read)) return errors.push_back(std::move(*problem));
  auto& value = std::get<settings::Value>(read);
  if (auto kind = settings::object_kind(value)) {
    const char* remedy = settings::find_values(value).empty() ? "a values file has the keys of Cilium's Helm chart at its top level"
                                                              : "ichor-agent settings FILE prints the values in it";
    return errors.push_back({to_string(kind->mark), "is a Kubernetes object (" + kind->kind + "), not a values file", remedy});
  }
  if (!value.is_empty()) settings::merge(merged, std::move(value));
}

// A FIFO or a file without an end must not hold up the start.
base::Result<std::string> read_bounded(const std::string& path) {
  std::error_code error;
  auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return base::system_error(error ? error.value() : ENOENT, "cannot be read");
  if (!std::filesystem::is_regular_file(status)) return base::Error{EINVAL, "is not a regular file"};
  if (std::filesystem::file_size(path, error) > settings::kMaxFileBytes) return base::Error{EFBIG, "is larger than 1 MiB"};
  return io::files::read_file(path);
}

base::Result<std::string> read_standard_input() {
  std::string text;
  char piece[4096];
  while (size_t length = std::fread(piece, 1, sizeof piece, stdin)) {
    text.append(piece, length);
    if (text.size() > settings::kMaxFileBytes) return base::Error{EFBIG, "is larger than 1 MiB"};
  }
  return text;
}

Settings judged(std::vector<NamedText> files, std::vector<std::string> sets, std::vector<model::Problem> unreadable) {
  Settings result;
  result.errors = std::move(unreadable);
  settings::Value merged;
  merged.kind = settings::Value::Kind::kMap;
  for (const auto& file : files) lay_over(merged, settings::read_values(file), result.errors);
  for (const auto& set : sets) lay_over(merged, settings::read_set(set), result.errors);
  auto judgement = settings::judge(merged);
  for (auto& accepted : judgement.accepted) result.settings.push_back(std::move(accepted.setting));
  for (const auto& fault : judgement.faults)
    if (result.errors.size() < kMaxErrors) result.errors.push_back(settings::to_problem(fault));
  if (result.errors.empty()) result.config = std::move(judgement.config);
  result.texts = std::move(files);
  result.sets = std::move(sets);
  return result;
}

}  // namespace

Settings parse_settings(std::vector<NamedText> files, std::vector<std::string> sets) {
  return judged(std::move(files), std::move(sets), {});
}

Conversion convert_settings(const std::vector<NamedText>& files) { return settings::convert(files); }

Conversion convert_settings(const std::vector<std::string>& files) {
  std::vector<NamedText> texts;
  std::vector<model::Problem> unreadable;
  for (const auto& file : files) {
    auto text = file == "-" ? read_standard_input() : read_bounded(file);
    if (text.ok())
      texts.push_back({file == "-" ? "standard input" : file, std::move(*text)});
    else
      unreadable.push_back({file, text.error().text, ""});
  }
  Conversion conversion = settings::convert(texts);
  conversion.unreadable.insert(conversion.unreadable.begin(), unreadable.begin(), unreadable.end());
  return conversion;
}

Settings load_settings(const std::vector<std::string>& files, const std::vector<std::string>& sets) {
  std::vector<NamedText> texts;
  std::vector<model::Problem> unreadable;
  for (const auto& file : files) {
    auto text = read_bounded(file);
    if (text.ok())
      texts.push_back({file, std::move(*text)});
    else
      unreadable.push_back({file, text.error().text, ""});
  }
  return judged(std::move(texts), sets, std::move(unreadable));
}

}  // namespace sources
