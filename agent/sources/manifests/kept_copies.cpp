#include "sources/manifests/kept_copies.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace sources::manifests {
namespace {

using nlohmann::json;

constexpr const char* kUnfinished = ".unfinished";

base::Result<void> write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::errno_error("write");
    text.remove_prefix(count);
  }
  return {};
}

}  // namespace

base::Result<void> KeptCopies::open() {
  if (directory_) return {};
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) return base::system_error(error.value(), "cannot make " + path_);
  directory_ = TRY(open_directory(path_));
  return {};
}

std::vector<std::string> KeptCopies::names() const {
  if (!directory_) return {};
  auto names = list_manifests(directory_.get());
  return names.ok() ? std::move(*names) : std::vector<std::string>();
}

std::optional<decode::Contents> KeptCopies::contents(const std::string& name) const {
  if (!directory_) return std::nullopt;
  auto read = read_file(directory_.get(), name);
  if (!read.ok()) return std::nullopt;
  auto contents = decode::decode_objects(name, read->text);
  contents.broken.clear();  // a problem of the copy is not one of the user's file
  return contents;
}

base::Result<void> KeptCopies::keep(int directory, const std::string& name, const Version& version) {
  TRY(open());
  struct stat kept;
  bool has_copy = ::fstatat(directory_.get(), name.c_str(), &kept, 0) == 0;
  if (has_copy && !version.is_broken && Stamp{kept.st_mtim, kept.st_size} == version.stamp) return {};
  FileText now;
  if (!version.text) {
    auto read = read_file(directory, name);
    if (!read.ok() || !(read->stamp == version.stamp)) return {};  // news of the next version is on its way
    now = std::move(*read);
  }
  std::string_view text = version.text ? *version.text : now.text;
  if (!version.is_broken) return write(name, text, version.stamp);
  auto before = read_file(directory_.get(), name);
  if (!before.ok() && before.error().code != ENOENT) return base::with_context(before.error(), path_ + "/" + name);
  return write(name, merged_text(name, before.ok() ? before->text : "", text), version.stamp);
}

base::Result<void> KeptCopies::forget(const std::string& name) {
  TRY(open());
  if (::unlinkat(directory_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
    return base::errno_error("cannot remove " + path_ + "/" + name);
  return {};
}

base::Result<void> KeptCopies::write(const std::string& name, std::string_view text, const Stamp& stamp) {
  std::string where = path_ + "/" + name;
  base::Fd fd(::openat(directory_.get(), kUnfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return base::errno_error("cannot write " + where);
  TRY_IN(write_all(fd.get(), text), where);
  timespec times[] = {stamp.modified, stamp.modified};
  if (::futimens(fd.get(), times) != 0 || ::renameat(directory_.get(), kUnfinished, directory_.get(), name.c_str()) != 0)
    return base::errno_error("cannot write " + where);
  return {};
}

std::string merged_text(const std::string& file, std::string_view before, std::string_view now) {
  std::vector<json> old_trees, trees;
  auto old = decode::decode_objects(file, before, &old_trees);
  auto current = decode::decode_objects(file, now, &trees);
  std::set<decode::ObjectId> good, broken;
  bool unidentified = false;
  for (const auto& object : current.objects) good.insert(object.id);
  for (const auto& part : current.broken) {
    if (part.id) broken.insert(*part.id);
    unidentified |= !part.id;
  }
  for (size_t i = 0; i < old.objects.size(); ++i)
    if (!good.contains(old.objects[i].id) && (unidentified || broken.contains(old.objects[i].id))) trees.push_back(std::move(old_trees[i]));
  json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(trees)}};
  return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sources::manifests
