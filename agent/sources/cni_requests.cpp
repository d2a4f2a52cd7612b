#include "sources/cni_requests.h"

#include "io/cni/served.h"
#include "io/files/files.h"
#include "io/files/sandbox_records.h"
#include "model/desired/cni_conflist.h"
#include "sources/cni/admission.h"
#include "sources/cni/attachments.h"
#include "sources/cni/control_socket.h"
#include "sources/cni/mail.h"
#include "sources/cni/recovery.h"

namespace sources {

namespace {

constexpr base::Millis kNoteServed{1'000};  // at most so often
constexpr base::Millis kLookEvery{10'000};  // for links that are gone, and deletions that nobody came after

}  // namespace

CniRequests::Kernel CniRequests::kernel(const std::string& bpf_root) {
  return {io::kernel::read_pod_links, [bpf_root] { return io::kernel::read_addresses_by_link(bpf_root); }, io::kernel::read_pod_links_into};
}

CniRequests::CniRequests(Places places, Kernel kernel, model::FactSink sink)
    : places_(std::move(places)), kernel_(std::move(kernel)), sink_(std::move(sink)) {}

CniRequests::~CniRequests() {
  if (!thread_.joinable()) return;
  mail_->push(cni::Stop{});
  thread_.join();
}

base::Result<void> CniRequests::start() {
  mail_ = TRY(cni::Mail::open());
  // Before the socket: what asks there finds somebody who answers.
  TRY(keep_sandboxes());
  socket_ = TRY(cni::ControlSocket::open(places_.run_dir));
  attachments_->apply_queue();
  return thread_.start([this] { serve(); });
}

// A record that is not complete belongs to an ADD that nobody was told of: without its row, the engine removes what it left.
// A queued deletion takes its row away only by a fact of its own, whose answer says when its file may go.
base::Result<void> CniRequests::keep_sandboxes() {
  const io::files::SandboxRecords records(places_.state_dir + "/sandboxes", TRY(io::files::boot_id()));
  // What is void harms nobody while it lies there, so a directory that cannot be written is no reason to refuse pods: state_dir says so.
  (void)records.discard_void();
  cni::Remains remains{TRY(records.read()), TRY(kernel_.links()), {}};
  if (cni::has_unrecorded_links(remains)) remains.addresses = TRY(kernel_.addresses());
  attachments_ = std::make_unique<cni::Attachments>(cni::Attachments::Outside{
      sink_, mail_,
      [this](cni::ConnectionId connection, const io::cni::Reply& reply) { return socket_->reply(connection, io::cni::encode(reply)); },
      [records](const std::string& sandbox) { return records.has(sandbox); }, kernel_.links_into,
      model::desired::cni_queue_path(places_.state_dir)});
  model::Changes changes;
  for (auto& sandbox : cni::sandboxes_kept(remains)) {
    attachments_->keep(sandbox);
    std::string key = sandbox.key();
    changes.push_back(model::put(std::move(key), std::move(sandbox)));
  }
  constexpr auto kId = model::SourceId::kSandboxes;
  const std::string kept = std::to_string(changes.size()) + " sandboxes kept from before this start";
  changes.push_back(model::put(model::SourceStatus{kId, true, model::desired::cni_socket_path(places_.run_dir) + ", " + kept}));
  sink_(std::move(changes));
  return {};
}

void CniRequests::set_serving(base::Result<void> serving) {
  if (mail_) mail_->push(cni::Serving{std::move(serving)});
}

// A note that cannot be written costs a NotReady node in the next restart, no more.
void CniRequests::take_serving(base::Result<void> state) {
  const base::BootTime now = base::boot_now();
  if (state.ok() && now - served_ >= kNoteServed) {
    served_ = now;
    (void)io::cni::note_served(io::cni::served_path(model::desired::cni_socket_path(places_.run_dir)), now);
  }
  attachments_->set_serving(std::move(state));
}

void CniRequests::take_mail() {
  for (auto& message : mail_->take()) {
    if (auto* settled = std::get_if<cni::Settled>(&message))
      attachments_->settled(*settled);
    else if (auto* serving = std::get_if<cni::Serving>(&message))
      take_serving(std::move(serving->state));
    else
      stopped_ = true;
  }
}

// Called after each turn, of which the engine causes one every few seconds by set_serving(). Links that cannot be read are not gone.
void CniRequests::look_if_due(base::BootTime now) {
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  attachments_->apply_queue();
  const auto links = kernel_.links();
  if (!links) return;
  std::set<std::string> names;
  for (const auto& link : *links) names.insert(link.name);
  attachments_->look_for_lost(names, now);
}

void CniRequests::serve() {
  cni::ControlSocket::Callbacks callbacks;
  callbacks.hung_up = [&](cni::ConnectionId connection) { attachments_->hung_up(connection); };
  callbacks.heard = [&](cni::ConnectionId connection, io::cni::Received received) {
    // A DEL that was queued while nobody listened comes before whatever is asked now.
    attachments_->apply_queue();
    auto admitted = cni::admit(std::move(received));
    if (const auto* failure = std::get_if<io::cni::Failure>(&admitted)) {
      socket_->reply(connection, io::cni::encode(io::cni::Reply{*failure, {}}));
      return;
    }
    auto& [request, netns] = std::get<cni::Admitted>(admitted);
    attachments_->request(connection, request, std::move(netns));
  };
  next_look_ = base::boot_now() + kLookEvery;
  while (!stopped_) {
    socket_->turn(mail_->descriptor(), [this] { take_mail(); }, callbacks);
    look_if_due(base::boot_now());
  }
}

}  // namespace sources
