// A Node's heartbeat on its whole way, from the line of the watch to the kernel and to the state that is kept: nothing comes of it.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/core.h"
#include "io/files/files.h"
#include "sources/api_server/collection.h"
#include "sources/api_server/object_log.h"
#include "support/builders.h"
#include "support/fake_kernel.h"
#include "support/temporary_directory.h"

namespace {

using namespace sources::api_server;

constexpr size_t kNodes = 2;
constexpr int kCount = 12;  // of Nodes, of which one is the own

std::string line(const char* type, int node, int beat, const std::string& pod_cidr) {
  const std::string number = std::to_string(node), time = "2026-11-28T18:" + std::to_string(10 + beat) + ":00Z";
  return R"({"type":")" + std::string(type) + R"(","object":{"kind":"Node","apiVersion":"v1","metadata":{"name":"n)" + number +
         R"(","uid":"u)" + number + R"(","resourceVersion":")" + std::to_string(1000 * beat + node) +
         R"(","managedFields":[{"manager":"kubelet","operation":"Update","time":")" + time + R"("}]},"spec":{"podCIDRs":[")" + pod_cidr +
         R"("]},"status":{"addresses":[{"type":"InternalIP","address":"192.168.42.)" + number +
         R"("}],"conditions":[{"type":"MemoryPressure","status":"False","lastHeartbeatTime":")" + time +
         R"("},{"type":"Ready","status":"True","lastHeartbeatTime":")" + time + R"(","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}})";
}

std::string pod_cidr(int node) { return "10.42." + std::to_string(node) + ".0/24"; }

model::Identity node_one() {
  model::Identity identity;
  identity.node_name = "n1";
  identity.program_generation = "g1";
  return identity;
}

class Heartbeat : public testing::Test {
 protected:
  Heartbeat() {
    auto known = support::all_synced();
    known.push_back(support::a_link("eth0"));
    known.push_back(support::an_address("eth0", "192.168.42.1/24"));
    core_.fold(std::move(known));
    collection_.take(kNodes, Began{});
    for (int node = 1; node <= kCount; ++node) hear(line("ADDED", node, 0, pod_cidr(node)));
    collection_.take(kNodes, Complete{});
    turn();
  }

  void hear(const std::string& line) {
    auto read = read_watch_line(kNodes, line);
    ASSERT_TRUE(std::holds_alternative<Event>(read.content) && std::holds_alternative<Put>(std::get<Event>(read.content))) << line;
    collection_.take(kNodes, std::get<Event>(std::move(read.content)));
  }
  void turn() {
    core_.fold(collection_.changes());
    core_.pass(now_);
    auto kept = log_.keep(collection_.rows(), Kinds().set());
    ASSERT_TRUE(kept.ok()) << kept.error().text;
  }
  uint64_t planner_calls() { return core_.publish(now_)->counters.planner_calls; }

  support::TemporaryDirectory directory_;
  ObjectLog log_{directory_.path() + "/objects", "n1"};
  Collection collection_;
  support::FakeKernel kernel_;
  base::BootTime now_{1};
  engine::Core core_{node_one(), plan::features(), kernel_.stores(now_), now_};
};

TEST_F(Heartbeat, PlansNothingWritesNothingAndKeepsNothing) {
  ASSERT_EQ(kernel_.of<model::desired::Route>().size(), size_t{kCount});  // one is for unused addresses of the own pod CIDR
  const uint64_t calls = planner_calls(), writes = kernel_.all_writes(), kept = log_.written_bytes();
  const auto file = *io::files::read_file(directory_.path() + "/objects");

  for (int beat = 1; beat <= 5; ++beat)
    for (int node = 1; node <= kCount; ++node) {
      hear(line("MODIFIED", node, beat, pod_cidr(node)));
      turn();
    }

  EXPECT_EQ(planner_calls(), calls);
  EXPECT_EQ(kernel_.all_writes(), writes);
  EXPECT_EQ(log_.written_bytes(), kept);
  EXPECT_EQ(*io::files::read_file(directory_.path() + "/objects"), file);
}

TEST_F(Heartbeat, WhatItBringsAlongIsPlannedWrittenAndKept) {
  const uint64_t calls = planner_calls(), writes = kernel_.all_writes(), kept = log_.written_bytes();

  hear(line("MODIFIED", 2, 1, pod_cidr(200)));
  turn();

  EXPECT_GT(planner_calls(), calls);
  EXPECT_GT(kernel_.all_writes(), writes);
  EXPECT_GT(log_.written_bytes(), kept);
}

}  // namespace
