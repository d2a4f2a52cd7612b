#include "engine/core.h"

#include <algorithm>
#include <utility>

#include "plan/node.h"
#include "status/readiness.h"

namespace engine {
namespace {

// Hints come in bursts, and most are echoes of our own writes.
constexpr base::Millis kHintDelay{200};
constexpr base::Millis kFullReadEvery{5 * 60 * 1000};

template <class T>
void keep_earlier(std::optional<T>& first, std::optional<T> other) {
  if (other && (!first || *other < *first)) first = other;
}

model::SandboxReply reply_of(const model::desired::PodLink& link) {
  model::SandboxReply reply{link.name, "", "", link.addresses, link.mtu};
  if (!model::has_link_addresses(link.kind)) return reply;
  reply.host_mac = base::to_string(link.host_mac);
  reply.pod_mac = base::to_string(link.pod_mac);
  return reply;
}

}  // namespace

Core::Core(model::Identity identity, std::span<const plan::Feature> features, reconcile::Stores stores, base::BootTime now)
    : planning_(std::move(identity), features), service_sync_(base::utc_now_seconds()), reconciler_(std::move(stores)), read_all_at_(now) {
  published_.started = now;
}

void Core::fold(model::Fact fact) {
  std::visit([this](auto& content) { take(std::move(content)); }, fact);
}

void Core::take(const model::Changes& changes) {
  service_sync_.note(changes, planning_.snapshot(), base::utc_now_seconds());
  planning_.fold(changes);
}

void Core::take(model::SandboxRequest request) {
  const std::string& sandbox = request.sandbox.key;
  auto& waiter = waiters_[sandbox];
  if (waiter) waiter(base::Error{EBUSY, "another request for sandbox " + sandbox + " came before this one was answered"});
  waiter = std::move(request.waiter);
  planning_.fold({request.sandbox});
}

void Core::take(model::HostChanged) {
  if (!read_network_at_) read_network_at_ = planning_.snapshot().now + kHintDelay;
}

void Core::pass(base::BootTime now) {
  const double started = base::utc_now_seconds();
  ++passes_;
  read_actual_if_due(now);
  // An answered ADD marks its sandbox complete, which is a fact again.
  do write(now);
  while (answer_waiters());
  const double ended = base::utc_now_seconds();
  service_sync_.passed(std::max(0.0, ended - started), ended, reconciler_.counters().writes,
                       [this](const std::string& service) { return reconciler_.unsettled({"services", service}); });
}

void Core::read_actual_if_due(base::BootTime now) {
  using enum reconcile::Reconciler::Extent;
  const bool all = now >= read_all_at_, network = read_network_at_ && now >= *read_network_at_;
  reconciler_.read_actual(all ? kAll : network ? kNetwork : kFailed, now);
  if (all) read_all_at_ = now + kFullReadEvery;
  if (all || network) read_network_at_.reset();
}

void Core::write(base::BootTime now) {
  planning_.run(now, [this](const model::Owner& owner, auto rows) { reconciler_.assert_rows(owner, std::move(rows)); });
  reconciler_.apply(now, gate());
}

bool Core::remove_slow(base::BootTime now) { return reconciler_.remove_slow(now, gate()); }

reconcile::Gate Core::gate() const {
  reconcile::Gate gate;
  for (const auto& [key, source] : planning_.snapshot().table<model::SourceStatus>())
    if (source->synced) gate.open(source->id);
  return gate;
}

bool Core::answer_waiters() {
  std::vector<model::Change> changes;
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    auto reply = answer(it->first);
    const auto* sandbox = planning_.snapshot().table<model::Sandbox>().find(it->first);
    bool keep_waiting = !reply;
    if (reply && sandbox && !reply->ok()) changes.push_back(model::gone<model::Sandbox>(it->first));
    if (reply && sandbox && reply->ok() && !sandbox->complete) {
      // The record must say so before the runtime hears of it: a restart drops what is not complete.
      model::Sandbox complete = *sandbox;
      complete.complete = true;
      complete.netns = nullptr;
      changes.push_back(model::put(it->first, std::move(complete)));
      keep_waiting = true;
    }
    if (keep_waiting) {
      ++it;
      continue;
    }
    it->second(std::move(*reply));
    it = waiters_.erase(it);
  }
  planning_.fold(changes);
  return !changes.empty();
}

std::optional<base::Result<model::SandboxReply>> Core::answer(const std::string& sandbox) {
  const auto& snapshot = planning_.snapshot();
  if (!snapshot.table<model::Sandbox>().find(sandbox)) return model::SandboxReply{};
  if (const auto* found = planning_.problems().find(model::Owner{"ipam", sandbox}.text()))
    return base::Error{EAGAIN, found->problems.front().text};
  auto reason = reconciler_.unsettled({"pods", sandbox});
  if (reason && reason->empty()) return std::nullopt;
  if (reason) return base::Error{EIO, *reason};

  if (auto link = reconciler_.first_of<model::desired::PodLink>({"pods", sandbox})) return reply_of(*link);
  return base::Error{EAGAIN, "the agent does not know its configuration, Node and links yet"};
}

std::optional<base::BootTime> Core::next_wake() const {
  std::optional<base::BootTime> next = planning_.next_wake();
  keep_earlier(next, reconciler_.next_retry(gate()));
  keep_earlier(next, reconciler_.next_read());
  keep_earlier(next, std::optional(read_all_at_));
  keep_earlier(next, read_network_at_);
  return next;
}

std::shared_ptr<const model::Published> Core::publish(base::BootTime now) {
  published_.snapshot = planning_.snapshot();
  model::KeyProblems unreadable{reconciler_.unreadable()};
  auto problems = planning_.problems();
  if (!unreadable.problems.empty()) problems.set("read", std::make_shared<const model::KeyProblems>(std::move(unreadable)));
  published_.problems = std::move(problems);
  published_.notes = planning_.notes();
  reconciler_.report(published_.effects, published_.conflicts);
  published_.counters = {passes_, planning_.planner_calls(), reconciler_.counters().writes, reconciler_.counters().failed_writes};
  published_.service_sync = service_sync_.counts();
  if (status::is_programmed(published_))
    published_.unprogrammed_since.reset();
  else if (!published_.unprogrammed_since)
    published_.unprogrammed_since = now;
  if (published_.first_ready == base::BootTime{} && status::ready(status::readiness(published_))) published_.first_ready = now;
  return std::make_shared<const model::Published>(published_);
}

base::Result<void> Core::serving() const {
  const auto& snapshot = planning_.snapshot();
  const auto* sandboxes = snapshot.source(model::SourceId::kSandboxes);
  if (!plan::settled(snapshot)) return base::Error{EAGAIN, "configuration, objects and links have not all been read yet"};
  if (!sandboxes || !sandboxes->synced) return base::Error{EAGAIN, "the records of sandboxes have not been read"};
  if (const auto* full = snapshot.table<model::Problem>().find(model::problem_key(model::Origin::kStateDirectory, "")))
    return base::Error{EAGAIN, full->subject + ": " + full->text};
  if (plan::own_pod_cidrs(snapshot).empty()) return base::Error{EAGAIN, "node " + snapshot.identity.node_name + " has no pod CIDR"};
  if (auto reason = reconciler_.unsettled({"programs", plan::kNodeKey}))
    return base::Error{EAGAIN, "the programs are not in force: " + *reason};
  return {};
}

}  // namespace engine
