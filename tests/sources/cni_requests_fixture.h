// The agent's end of the control socket under test: asked by the plugin's client, with the test in the engine's and the kernel's place.
#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <future>

#include "base/mailbox.h"
#include "io/cni/client.h"
#include "io/cni/deletion_queue.h"
#include "io/cni/socket.h"
#include "io/files/files.h"
#include "io/files/sandbox_records.h"
#include "sources/cni_requests.h"
#include "support/temporary_directory.h"

namespace sources {

using io::cni::Code;
using io::cni::Reply;
using io::cni::Request;
using io::cni::Verb;
using model::Sandbox;

constexpr base::Millis kPatience{20000};

inline model::SandboxReply in_force() {
  return {"ich0a", "02:00:00:00:00:01", "02:00:00:00:00:02", {*base::parse_ip("10.1.0.5"), *base::parse_ip("fd00::5")}, 1500};
}

class SourcesCniRequests : public testing::Test {
 protected:
  ~SourcesCniRequests() override { requests_.reset(); }

  base::Result<void> start() {
    std::filesystem::create_directories(run_dir());
    CniRequests::Kernel kernel{[this] { return links_; }, [this] { return addresses_; }, [this](int) { return links_into_; }};
    requests_ = std::make_unique<CniRequests>(CniRequests::Places{run_dir(), directory_.path()}, std::move(kernel),
                                              [this](model::Fact fact) { facts_.push(std::move(fact)); });
    return requests_->start();
  }
  void start_serving() {
    const auto started = start();
    ASSERT_TRUE(started) << started.error().text;
    requests_->set_serving({});
    next_fact();
  }
  // An empty one when none comes.
  model::Fact next_fact() {
    for (const base::BootTime until = base::boot_now() + kPatience; waiting_.empty() && base::boot_now() < until;) {
      for (auto& fact : facts_.take(until)) waiting_.push_back(std::move(fact));
    }
    if (waiting_.empty()) return {};
    model::Fact fact = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    return fact;
  }
  model::SandboxRequest next_request() {
    auto fact = next_fact();
    auto* request = std::get_if<model::SandboxRequest>(&fact);
    EXPECT_TRUE(request) << "a fact of another kind, or none";
    return request ? std::move(*request) : model::SandboxRequest{{}, [](const auto&) {}};
  }
  // Asks in the background; the reply's future fails the test by an error text.
  std::future<Reply> ask(Verb verb, const std::string& container = "abc", int netns = -1) {
    const Request request{verb, container, "eth0", "/run/netns/x", "ns", "web-0", "u-1"};
    return std::async(std::launch::async, [this, request, netns] {
      auto reply = io::cni::ask_agent(socket(), request, netns, kPatience);
      return reply ? *reply : Reply{io::cni::Failure{Code::kIo, reply.error().text, ""}, {}};
    });
  }
  static uint32_t code(const Reply& reply) { return reply.failure ? static_cast<uint32_t>(reply.failure->code) : 0; }
  // One message as it is, with descriptors or without.
  std::string send_raw(const std::string& text, int descriptor = -1) {
    auto connection = io::cni::connect_to(socket(), kPatience);
    if (!connection) return connection.error().text;
    if (const auto sent = io::cni::send_message(connection->get(), text, descriptor); !sent) return sent.error().text;
    auto received = io::cni::receive_message(connection->get());
    return received ? received->text : received.error().text;
  }
  void attach(const std::string& container, const base::Fd& netns) {
    auto reply = ask(Verb::kAdd, container, netns.get());
    next_request().waiter(in_force());
    ASSERT_EQ(code(reply.get()), 0u);
  }

  std::string run_dir() const { return directory_.path() + "/run"; }
  std::string socket() const { return run_dir() + "/agent.sock"; }
  std::string queue() const { return directory_.path() + "/cni-deletions"; }
  std::vector<io::cni::Deletion> queued() const { return *io::cni::queued_deletions(queue()); }
  io::files::SandboxRecords records() const { return {directory_.path() + "/sandboxes", *io::files::boot_id()}; }

  support::TemporaryDirectory directory_;
  // The kernel's answers; not to be changed while requests are served.
  base::Result<std::vector<model::Link>> links_ = std::vector<model::Link>();
  base::Result<io::kernel::AddressesByLink> addresses_ = io::kernel::AddressesByLink();
  base::Result<std::vector<std::string>> links_into_ = std::vector<std::string>();
  base::Mailbox<model::Fact> facts_;
  std::vector<model::Fact> waiting_;
  std::unique_ptr<CniRequests> requests_;
};

}  // namespace sources
