#include "sources/cni_requests.h"

#include "io/cni/served.h"
#include "io/files/files.h"
#include "io/files/sandbox_records.h"
#include "model/desired/cni_conflist.h"
#include "sources/cni/admission.h"
#include "sources/cni/attachments.h"
#include "sources/cni/control_socket.h"
#include "sources/cni/mail.h"

namespace sources {

namespace {

constexpr base::Millis kNoteServed{1'000};  // at most so often

model::Sandbox sandbox_of(const model::desired::SandboxRecord& record) {
  model::Sandbox sandbox;
  sandbox.identity = record.identity;
  sandbox.addresses = record.addresses;
  sandbox.link_kind = record.link_kind;
  sandbox.complete = true;
  return sandbox;
}

// Nobody can tell whose addresses these are, so nobody else gets them: an allocation without a sandbox.
void report_damaged(const io::files::DamagedRecord& damaged, std::vector<model::Change>& changes) {
  const std::string subject = "sandbox record " + damaged.path;
  changes.push_back(
      model::put_problem(model::Origin::kSandboxes, damaged.path, {subject, damaged.text, "delete the pod it belongs to, then the file"}));
  if (!damaged.addresses.empty()) changes.push_back(model::put(subject, model::Allocation{damaged.addresses}));
}

}  // namespace

CniRequests::CniRequests(std::string run_dir, std::string state_dir, model::FactSink sink)
    : run_dir_(std::move(run_dir)), state_dir_(std::move(state_dir)), sink_(std::move(sink)) {}

CniRequests::~CniRequests() {
  if (!thread_.joinable()) return;
  mail_->push(cni::Stop{});
  thread_.join();
}

base::Result<void> CniRequests::start() {
  mail_ = TRY(cni::Mail::open());
  // Before the socket: what asks there finds somebody who answers.
  TRY(keep_records());
  socket_ = TRY(cni::ControlSocket::open(run_dir_));
  attachments_->apply_queue();
  return thread_.start([this] { serve(); });
}

// A record that is not complete belongs to an ADD that nobody was told of: without its row, the engine removes what it left.
// A queued deletion takes its row away only by a fact of its own, whose answer tells when its file may go.
base::Result<void> CniRequests::keep_records() {
  const io::files::SandboxRecords records(state_dir_ + "/sandboxes", TRY(io::files::boot_id()));
  // What is void harms nobody while it lies there, so a directory that cannot be written is no reason to refuse pods: state_dir says so.
  (void)records.discard_void();
  const auto content = TRY(records.read());
  attachments_ = std::make_unique<cni::Attachments>(cni::Attachments::Outside{
      sink_, mail_,
      [this](cni::ConnectionId connection, const io::cni::Reply& reply) { return socket_->reply(connection, io::cni::encode(reply)); },
      [records](const std::string& sandbox) { return records.has(sandbox); }, model::desired::cni_queue_path(state_dir_)});
  model::Fact fact;
  size_t kept = 0;
  for (const auto& record : content.records) {
    if (!record.complete) continue;
    model::Sandbox sandbox = sandbox_of(record);
    attachments_->keep(sandbox);
    fact.changes.push_back(model::put(record.key(), std::move(sandbox)));
    ++kept;
  }
  for (const auto& damaged : content.damaged) report_damaged(damaged, fact.changes);
  constexpr auto kId = model::SourceId::kSandboxes;
  fact.changes.push_back(model::put(model::SourceStatus{
      kId, true, model::desired::cni_socket_path(run_dir_) + ", " + std::to_string(kept) + " sandboxes kept from before this start"}));
  sink_(std::move(fact));
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
    (void)io::cni::note_served(io::cni::served_path(model::desired::cni_socket_path(run_dir_)), now);
  }
  attachments_->set_serving(std::move(state));
}

void CniRequests::serve() {
  bool stopped = false;
  const auto read_mail = [&] {
    for (auto& letter : mail_->take()) {
      if (auto* settled = std::get_if<cni::Settled>(&letter))
        attachments_->settled(*settled);
      else if (auto* serving = std::get_if<cni::Serving>(&letter))
        take_serving(std::move(serving->state));
      else
        stopped = true;
    }
  };
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
  while (!stopped) socket_->turn(mail_->descriptor(), read_mail, callbacks);
}

}  // namespace sources
