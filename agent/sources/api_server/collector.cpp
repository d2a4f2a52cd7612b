#include "sources/api_server/collector.h"

#include <time.h>

#include <algorithm>

#include "sources/api_server/resources.h"

namespace sources::api_server {
namespace {

// A server that has not answered by then is away for the moment. One that answers is not forestalled: on a restart the kernel may hold
// a newer state than the file. But it may not take for ever.
constexpr base::Millis kAwayAfter{3'000};
constexpr base::Millis kSlowAfter{10'000};
// So long changes are gathered before they are kept: what comes in bursts is written once, and a killed agent knows it nearly all.
constexpr base::Millis kGather{2'000};
constexpr base::Millis kKeepAgainAfter{30'000};  // a full or lost disk
constexpr base::Millis kAgeEvery{60'000};        // for the age in the status

}  // namespace

Collector::Collector(Setup setup, model::FactSink sink)
    : setup_(std::move(setup)),
      sink_(std::move(sink)),
      health_(setup_.server),
      keeper_(setup_.state_file, setup_.node_name, [this](base::Result<bool> outcome) { push(Kept{std::move(outcome)}); }) {}

base::Result<void> Collector::start() { return keeper_.start(); }

void Collector::run() {
  started_ = base::boot_now();
  health_.begin(started_);
  while (!stopped_) {
    for (auto& message : mailbox_.take(next_wake())) std::visit([this](auto& content) { fold(std::move(content)); }, message);
    base::BootTime now = base::boot_now();
    stand_in(now);
    report(now);
    keep_if_due(now);
  }
  if (has_unkept()) keep();
}

void Collector::fold(Reported reported) {
  base::BootTime now = base::boot_now();
  for (auto& event : reported.events) {
    health_.take(reported.kind, event, now);
    collection_.take(reported.kind, std::move(event));
  }
}

void Collector::fold(const Kept& kept) {
  keep_failed_ = !kept.outcome.ok();
  if (keep_failed_) {
    keep_not_before_ = base::boot_now() + kKeepAgainAfter;
    return health_.file_problem(model::Problem{
        "file " + setup_.state_file,
        "cannot be written: " + kept.outcome.error().text + "; after a restart with the API server away an older state will stand in",
        "make the state directory writable, with room"});
  }
  if (*kept.outcome) health_.file_problem(std::nullopt);
}

bool Collector::is_away(size_t kind, base::BootTime now) const {
  if (health_.has_failed(kind) || now - started_ >= kSlowAfter) return true;
  return now - started_ >= kAwayAfter && !collection_.has_answered(kind);
}

void Collector::stand_in(base::BootTime now) {
  if (all_complete()) {
    kept_.reset();
    return;
  }
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) {
    if (!resources()[kind].planned || collection_.is_known(kind) || !is_away(kind, now)) continue;
    load();
    if (kept_) collection_.stand_in(kind, kept_->rows[kind]);
  }
}

void Collector::load() {
  if (std::exchange(loaded_, true)) return;
  auto state = load_kept_state(setup_.state_file);
  if (state.ok() && state->node_name == setup_.node_name) {
    kept_at_ = state->changed;
    kept_ = std::move(*state);
    return;
  }
  if (!state.ok() && state.error().code == ENOENT) return;
  std::string text = state.ok() ? "is of node " + state->node_name : state.error().text;
  health_.file_problem(model::Problem{"file " + setup_.state_file, text + ": nothing can stand in for the API server",
                                      "it is written anew when all objects have been read"});
}

void Collector::report(base::BootTime now) {
  model::Changes changes = collection_.changes();
  std::optional<int64_t> age;
  if (kept_at_) age = ::time(nullptr) - *kept_at_;
  for (auto& change : health_.changes(collection_, age, now)) changes.push_back(std::move(change));
  if (!changes.empty()) sink_(std::move(changes));
}

// Planned kinds that have come whole.
Kinds Collector::whole() const {
  Kinds kinds;
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) kinds.set(kind, resources()[kind].planned && collection_.is_complete(kind));
  return kinds;
}

bool Collector::has_unkept() const {
  return whole().any() && (keep_failed_ || whole() != given_kinds_ || collection_.revision() != given_revision_);
}

base::BootTime Collector::keep_at() const { return std::max(*unkept_since_ + kGather, keep_not_before_); }

void Collector::keep_if_due(base::BootTime now) {
  if (!has_unkept()) return;
  if (!unkept_since_) unkept_since_ = now;
  if (now >= keep_at()) keep();
}

void Collector::keep() {
  given_revision_ = collection_.revision();
  given_kinds_ = whole();
  keep_failed_ = false;
  unkept_since_.reset();
  keeper_.keep(collection_.rows(), given_kinds_);
}

bool Collector::all_complete() const {
  for (size_t kind = 0; kind < decode::kKindCount; ++kind)
    if (resources()[kind].planned && !collection_.is_complete(kind)) return false;
  return true;
}

std::optional<base::BootTime> Collector::next_wake() const {
  base::BootTime now = base::boot_now();
  std::optional<base::BootTime> next = health_.next_change(now);
  auto earlier = [&next](base::BootTime at) { next = next ? std::min(*next, at) : at; };
  if (unkept_since_) earlier(keep_at());
  if (all_complete()) return next;
  if (now < started_ + kAwayAfter)
    earlier(started_ + kAwayAfter);
  else
    earlier(now < started_ + kSlowAfter ? started_ + kSlowAfter : now + kAgeEvery);
  return next;
}

}  // namespace sources::api_server
