// A small cluster whose objects come, change and go at random, and an agent on a fake kernel that is told of it in any order,
// restarted in between, and refused writes. What matters at the end is only the world's last state.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/core.h"
#include "support/fake_kernel.h"

namespace convergence {

// The latest row of every object by table and key: the truth that sources report.
class World {
 public:
  explicit World(uint32_t seed);

  // One random change: an object appears, changes or goes.
  model::Change step();
  // Everything as it stands, in random order.
  std::vector<model::Change> all();
  std::mt19937& random() { return random_; }
  bool has_sandbox(const std::string& key) const { return rows_.contains("sandbox " + key); }

 private:
  model::Change service();
  model::Change slice();
  model::Change peer();
  model::Change sandbox();
  model::Change zone();
  model::Change uplink();
  model::Change own_node();
  model::Change foreign_route();
  model::Change own_address();
  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }

  std::mt19937 random_;
  std::map<std::string, model::Change> rows_;
};

class Agent {
 public:
  Agent(support::FakeKernel& kernel, base::BootTime& now);

  void tell(std::vector<model::Change> changes);
  void sync(std::mt19937& random);  // the sources have synced, one after the other in any order
  void restart(World& world);
  // Turns until nothing is due any more; time passes as backoffs ask.
  void settle();

 private:
  void start();

  support::FakeKernel& kernel_;
  base::BootTime& now_;
  std::unique_ptr<engine::Core> core_;
};

}  // namespace convergence
