// What all manifest files together say. Files are put and removed one by one, in any order; changes() says what is different from
// the last time it was asked. Of an object that several files hold, the file whose name sorts first is in force.
// A broken object keeps its file's last good content; so does a whole file of which nothing can be told.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/fact.h"
#include "sources/decode/objects.h"

namespace sources::manifests {

class Collection {
 public:
  void put(const std::string& file, decode::Contents contents);
  // The file cannot be read: all that it held stays in force.
  void put_unreadable(const std::string& file, const std::string& why);
  void remove(const std::string& file);

  bool holds(const std::string& file) const { return files_.contains(file); }
  std::vector<std::string> file_names() const;
  std::string summary() const;  // "4 files, 12 objects"

  // Sorted by kind and key, so that the same files make the same facts.
  std::vector<model::Change> changes();

 private:
  struct Claim {
    std::string_view file;  // key in files_
    decode::ObjectRow row;
    std::string position;
  };
  struct Entry {
    std::vector<Claim> claims;  // sorted by file
    std::optional<decode::ObjectRow> reported;
  };
  struct IdHash {
    size_t operator()(const decode::ObjectId& id) const { return std::hash<std::string>{}(id.key) * 31 + id.kind; }
  };
  struct File {
    std::vector<decode::ObjectId> objects;  // sorted
    std::vector<std::string> problems;      // keys, of what is broken
    std::map<std::string, uint64_t> unread;
  };

  void claim(const std::string& file, decode::Object object);
  void disclaim(const std::string& file, const decode::ObjectId& id);
  void set_problem(const std::string& key, std::optional<model::Problem> problem);
  void report_broken(const std::string& file, const decode::Contents& contents, File& now);
  void report_left_out(const std::string& file, const decode::Object& object, File& now);
  void report_duplicates(const decode::ObjectId& id);
  void count_unread(const File& was, const File& now);
  void object_changes(std::vector<model::Change>& changes);
  void problem_changes(std::vector<model::Change>& changes);
  void unread_changes(std::vector<model::Change>& changes);

  std::map<std::string, File> files_;
  std::unordered_map<decode::ObjectId, Entry, IdHash> objects_;
  std::vector<decode::ObjectId> touched_;
  std::map<std::string, model::Problem> problems_, reported_problems_;
  std::set<std::string> touched_problems_;
  std::map<std::string, uint64_t> unread_, reported_unread_;  // summed over files; few, so compared whole
};

}  // namespace sources::manifests
