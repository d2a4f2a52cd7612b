#include "sources/api_server/collector.h"

#include <spdlog/spdlog.h>
#include <time.h>

namespace sources::api_server {
namespace {

// A server that has not answered by then is away for the moment. One that answers is not forestalled: on a restart the kernel may hold
// a newer state than the file.
constexpr base::Millis kAwayAfter{3'000};
constexpr base::Millis kSettleBeforeKeeping{1'000};
constexpr base::Millis kKeepEvery{60'000};  // flash wears out
constexpr base::Millis kAgeEvery{60'000};   // for the age in the status

}  // namespace

Collector::Collector(Setup setup, model::FactSink sink)
    : setup_(std::move(setup)),
      sink_(std::move(sink)),
      health_(setup_.server),
      keeper_(setup_.state_file, [this](base::Result<void> outcome) { push(Kept{std::move(outcome)}); }) {}

base::Result<void> Collector::start() { return keeper_.start(); }

void Collector::run() {
  started_ = base::boot_now();
  while (!stopped_) {
    for (auto& letter : mailbox_.take(next_wake())) std::visit([this](auto& content) { fold(std::move(content)); }, letter);
    base::BootTime now = base::boot_now();
    stand_in(now);
    tell();
    keep_if_due(now);
  }
  if (all_complete() && collection_.revision() != kept_revision_) keep();
}

void Collector::fold(Told told) {
  for (auto& event : told.events) {
    health_.take(told.kind, event);
    collection_.take(told.kind, std::move(event));
  }
}

void Collector::fold(const Kept& kept) {
  std::optional<model::Problem> problem;
  if (!kept.outcome.ok())
    problem = model::Problem{
        "file " + setup_.state_file,
        "cannot be written: " + kept.outcome.error().text + "; after a restart with the API server away an older state will stand in",
        "make the state directory writable"};
  health_.file_problem(std::move(problem));
}

void Collector::stand_in(base::BootTime now) {
  if (all_complete()) {
    kept_.reset();
    return;
  }
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) {
    bool away = health_.has_failed(kind) || (now - started_ >= kAwayAfter && !collection_.has_answered(kind));
    if (!away || collection_.is_complete(kind) || collection_.stood_in(kind)) continue;
    load();
    if (kept_) collection_.stand_in(kind, kept_->rows[kind]);
  }
}

void Collector::load() {
  if (std::exchange(loaded_, true)) return;
  auto state = load_kept_state(setup_.state_file);
  if (state.ok() && state->node_name == setup_.node_name) {
    kept_at_ = state->written;
    kept_ = std::move(*state);
    return;
  }
  if (!state.ok() && state.error().code == ENOENT) return;
  std::string text = state.ok() ? "is of node " + state->node_name : state.error().text;
  health_.file_problem(model::Problem{"file " + setup_.state_file, text + ": nothing can stand in for the API server",
                                      "it is written anew when all objects have been read"});
}

void Collector::tell() {
  model::Fact fact{collection_.changes(), {}, {}, false};
  std::optional<int64_t> age;
  if (kept_at_) age = ::time(nullptr) - *kept_at_;
  for (auto& change : health_.changes(collection_, age)) fact.changes.push_back(std::move(change));
  if (!fact.changes.empty()) sink_(std::move(fact));
}

void Collector::keep_if_due(base::BootTime now) {
  kept_in_trouble_ &= health_.in_trouble();
  if (!all_complete() || (keeps_ && collection_.revision() == kept_revision_)) return;
  if (!changed_) changed_ = now;
  if (now < keep_at()) return;
  kept_when_ = now;
  keep();
}

// With the server gone there is nothing to wait for, and it may be for long.
base::BootTime Collector::keep_at() const {
  base::BootTime settled = *changed_ + kSettleBeforeKeeping;
  bool at_once = !keeps_ || (health_.in_trouble() && !kept_in_trouble_);
  return at_once ? settled : std::max(settled, kept_when_ + kKeepEvery);
}

void Collector::keep() {
  keeps_ = true;
  kept_in_trouble_ = health_.in_trouble();
  kept_revision_ = collection_.revision();
  changed_.reset();
  keeper_.keep({setup_.node_name, ::time(nullptr), collection_.rows()});
}

bool Collector::all_complete() const {
  for (size_t kind = 0; kind < decode::kKindCount; ++kind)
    if (!collection_.is_complete(kind)) return false;
  return true;
}

std::optional<base::BootTime> Collector::next_wake() const {
  base::BootTime now = base::boot_now();
  if (!all_complete()) return now < started_ + kAwayAfter ? started_ + kAwayAfter : now + kAgeEvery;
  if (!changed_) return std::nullopt;
  return keep_at();
}

}  // namespace sources::api_server
