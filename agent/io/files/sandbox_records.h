// STATE-DIR/sandboxes: a JSON file per attached sandbox, so that no restart of the agent hands an address out twice. A file's name
// ends in the boot id: after a reboot no pod lives, and whatever an older boot left, whole or broken, is void.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "io/store.h"
#include "model/desired/rows.h"

namespace io::files {

// A file of this boot that is named as a record and cannot be read as one: damaged, or a newer version's.
struct UnreadableRecord {
  model::SandboxIdentity identity;  // by the file's name: container_id and ifname
  std::string path;
  std::string text;                 // what is wrong with it
  std::vector<base::Ip> addresses;  // those that can still be read: somebody may be using them
};

class SandboxRecords : public Store<model::desired::SandboxRecord> {
 public:
  SandboxRecords(std::string directory, std::string boot_id) : directory_(std::move(directory)), boot_id_(std::move(boot_id)) {}

  // Those that cannot be read too, so that they go when nobody wants them any more.
  base::Result<std::vector<model::desired::SandboxRecord>> list() override;
  bool holds(const model::desired::SandboxRecord& row) override { return !row.readable; }  // there is nothing to keep any more
  base::Result<void> put(const model::desired::SandboxRecord& row, const model::desired::SandboxRecord* actual) override;
  base::Result<void> remove(const model::desired::SandboxRecord& actual) override;

  struct Content {
    std::vector<model::desired::SandboxRecord> records;
    std::vector<UnreadableRecord> unreadable;
  };
  base::Result<Content> read() const;
  // Whether there is a record of that Sandbox key.
  bool has(const std::string& sandbox) const;
  // Removes what other boots and interrupted writes have left.
  base::Result<void> discard_void() const;

 private:
  std::string path_of(const std::string& sandbox) const;
  bool is_of_this_boot(const std::string& name) const;
  // By the name of a file of this boot; nullopt: it names no sandbox.
  std::optional<model::SandboxIdentity> identity_of(const std::string& name) const;

  std::string directory_;
  std::string boot_id_;
};

}  // namespace io::files
