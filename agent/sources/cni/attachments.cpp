#include "sources/cni/attachments.h"

#include <spdlog/spdlog.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>

#include "model/desired/gateways.h"
#include "model/host/pod_link.h"

namespace sources::cni {

namespace {

using io::cni::Code;
using io::cni::Failure;
using io::cni::Reply;

// A runtime that stops a pod sends DEL first and deletes the namespace then; one that was killed in between comes back within that time.
constexpr base::Millis kLostGrace{30'000};

// Only while both are open: numbers of namespaces are used again.
bool is_same_file(int a, int b) {
  struct stat of_a, of_b;
  return ::fstat(a, &of_a) == 0 && ::fstat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

uint32_t random_number() {
  uint32_t number = 0;
  (void)::getrandom(&number, sizeof number, 0);  // cannot fail for so few bytes
  return number;
}

model::Sandbox sandbox_of(const io::cni::Request& request, base::Fd netns) {
  model::Sandbox sandbox;
  sandbox.identity = {request.container_id, request.ifname,     request.pod_namespace, request.pod_name,
                      request.pod_uid,      request.netns_path, random_number(),       request.host_ports};
  sandbox.netns = std::make_shared<base::Fd>(std::move(netns));
  return sandbox;
}

Reply reply_of(const model::SandboxReply& in_force) {
  Reply reply;
  reply.attachment = {in_force.host_link, in_force.host_mac, in_force.pod_mac, in_force.addresses, {}, in_force.mtu};
  for (const base::Ip& address : in_force.addresses) reply.attachment.gateways.push_back(model::desired::pod_gateway(address.family()));
  return reply;
}

}  // namespace

void Attachments::keep(const model::Sandbox& sandbox) {
  Attachment& attachment = attachments_[sandbox.key()];
  attachment.state = State::kAttached;
  attachment.addresses = sandbox.addresses;
  attachment.link = sandbox.recovered ? sandbox.recovered->link : model::pod_link_name(sandbox.identity);
}

void Attachments::request(ConnectionId connection, const io::cni::Request& request, base::Fd netns) {
  switch (request.verb) {
    case io::cni::Verb::kAdd:
      return add(connection, request, std::move(netns));
    case io::cni::Verb::kCheck:
      return check(connection, request.key());
    case io::cni::Verb::kDel:
      leave(request.key()).deleters.push_back(connection);
      return;
    default:
      break;
  }
  if (!serving_) return refuse(connection, Code::kNotAvailable, serving_.error().text);
  outside_.respond(connection, {});
}

void Attachments::add(ConnectionId connection, const io::cni::Request& request, base::Fd netns) {
  const std::string key = request.key();
  if (!serving_) return refuse(connection, Code::kTryLater, serving_.error().text);
  if (const auto found = attachments_.find(key); found != attachments_.end()) {
    if (found->second.state == State::kAttached) return refuse(connection, Code::kAlreadyAttached, key + ": is attached already");
    const bool adding = found->second.state == State::kAdding;
    return refuse(connection, Code::kTryLater, key + (adding ? ": another ADD is under way" : ": its DEL is under way"));
  }
  const auto holder = holder_of(netns.get(), request.ifname);
  if (!holder) return refuse(connection, Code::kTryLater, request.netns_path + ": " + holder.error().text);
  if (!holder->empty())
    return refuse(connection, Code::kAlreadyAttached,
                  request.netns_path + ": its interface " + request.ifname + " belongs to sandbox " + *holder + ", which is attached");
  model::Sandbox sandbox = sandbox_of(request, std::move(netns));
  Attachment& attachment = attachments_[key];
  attachment.adder = connection;
  attachment.netns = sandbox.netns;
  attachment.ticket = send({key, std::make_shared<const model::Sandbox>(std::move(sandbox))});
}

// The link of one that is being added may not be there yet, so its namespace is compared; of the others only the link is known.
base::Result<std::string> Attachments::holder_of(int netns, const std::string& ifname) const {
  const std::vector<std::string> links = TRY(outside_.links_into(netns));
  for (const auto& [key, attachment] : attachments_) {
    const std::string_view its_ifname = std::string_view(key).substr(key.find('/') + 1);
    if (its_ifname != ifname && !its_ifname.empty()) continue;
    if (attachment.netns && is_same_file(attachment.netns->get(), netns)) return key;
    if (attachment.state == State::kAttached && std::find(links.begin(), links.end(), attachment.link) != links.end()) return key;
  }
  return std::string();
}

void Attachments::check(ConnectionId connection, const std::string& key) {
  const auto found = attachments_.find(key);
  if (found == attachments_.end()) return refuse(connection, Code::kUnknownContainer, key + ": is not attached");
  if (found->second.state != State::kAttached) return refuse(connection, Code::kTryLater, key + ": an ADD or DEL is under way");
  Reply reply;
  reply.attachment.addresses = found->second.addresses;
  outside_.respond(connection, reply);
}

// Unknown sandboxes too: the engine may still be removing one that was dropped at the start.
Attachments::Attachment& Attachments::leave(const std::string& key) {
  Attachment& attachment = attachments_[key];
  if (attachment.ticket != 0 && attachment.state == State::kLeaving) return attachment;
  if (attachment.adder != 0) refuse(attachment.adder, Code::kTryLater, key + ": a DEL came before its ADD was done");
  waiting_.erase(attachment.ticket);
  attachment = {};
  attachment.state = State::kLeaving;
  attachment.ticket = send({key, nullptr});
  return attachment;
}

void Attachments::hung_up(ConnectionId connection) {
  for (auto& [key, attachment] : attachments_) {
    std::erase(attachment.deleters, connection);
    if (attachment.adder != connection) continue;
    // Nobody will be told of it, so the runtime takes it for failed.
    attachment.adder = 0;
    leave(key);
    return;
  }
}

void Attachments::settled(const Settled& settled) {
  const auto found = waiting_.find(settled.ticket);
  if (found == waiting_.end()) return;  // overtaken by a DEL
  const std::string key = found->second;
  waiting_.erase(found);
  Attachment& attachment = attachments_.at(key);
  attachment.ticket = 0;
  attachment.netns = nullptr;
  if (attachment.state == State::kAdding)
    added(key, attachment, settled.reply);
  else
    left(key, attachment, settled.reply);
}

void Attachments::added(const std::string& key, Attachment& attachment, const base::Result<model::SandboxReply>& reply) {
  const ConnectionId adder = std::exchange(attachment.adder, 0);
  bool answered = false;
  if (reply)
    answered = outside_.respond(adder, reply_of(*reply));
  else
    refuse(adder, reply.error().code == EAGAIN ? Code::kTryLater : Code::kAttachFailed, key + ": " + reply.error().text);
  if (!answered) {
    leave(key);
    return;
  }
  attachment.state = State::kAttached;
  attachment.addresses = reply->addresses;
  attachment.link = reply->host_link;
}

void Attachments::left(const std::string& key, Attachment& attachment, const base::Result<model::SandboxReply>& reply) {
  // As long as the record is there, a restart would bring the sandbox back: then a deletion on disk must outlive this one.
  std::optional<Failure> failure;
  if (!reply)
    failure = Failure{Code::kTryLater, key + ": " + reply.error().text, ""};
  else if (outside_.recorded(key))
    failure = Failure{Code::kTryLater, key + ": its record is still on disk", ""};
  const Attachment ended = std::move(attachment);
  attachments_.erase(key);
  for (const ConnectionId deleter : ended.deleters) outside_.respond(deleter, Reply{failure, {}});
  // A file that cannot be removed is applied again, which changes nothing.
  if (ended.queued && !failure) (void)io::cni::unqueue_deletion(outside_.queue, *ended.queued);
}

void Attachments::look_for_lost(const std::set<std::string>& links, base::BootTime now) {
  for (auto& [key, attachment] : attachments_) {
    if (attachment.state != State::kAttached) continue;
    if (links.contains(attachment.link)) {
      attachment.lost.reset();
    } else if (!attachment.lost) {
      attachment.lost = now;
    } else if (now - *attachment.lost >= kLostGrace) {
      spdlog::info("cni: sandbox {}: its link is gone, so its namespace is; it ends without a DEL", key);
      leave(key);
    }
  }
}

void Attachments::apply_queue() {
  const auto deletions = io::cni::queued_deletions(outside_.queue);
  if (!deletions) return;
  for (const io::cni::Deletion& deletion : *deletions) {
    const auto found = attachments_.find(deletion.key());
    if (found != attachments_.end() && found->second.queued) continue;
    leave(deletion.key()).queued = deletion;
  }
}

uint64_t Attachments::send(model::RowChange<model::Sandbox> change) {
  const uint64_t ticket = next_ticket_++;
  waiting_[ticket] = change.key;
  auto waiter = [mail = outside_.mail, ticket](base::Result<model::SandboxReply> reply) { mail->push(Settled{ticket, std::move(reply)}); };
  outside_.sink(model::SandboxRequest{std::move(change), std::move(waiter)});
  return ticket;
}

void Attachments::refuse(ConnectionId connection, Code code, std::string msg) {
  outside_.respond(connection, Reply{Failure{code, std::move(msg), ""}, {}});
}

}  // namespace sources::cni
