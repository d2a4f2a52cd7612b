#include "reconcile/reconciler.h"

#include <limits>

namespace reconcile {
namespace {

using namespace model::desired;

template <class Row>
using RowPtrs = std::vector<std::shared_ptr<const Row>>;
constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

template <class Targets, class Visit>
void forwards(Targets& targets, Visit visit) {
  std::apply([&](auto&... target) { (visit(target), ...); }, targets);
}

template <class Targets, class Visit, size_t... Index>
void backwards_by_index(Targets& targets, Visit visit, std::index_sequence<Index...>) {
  (visit(std::get<sizeof...(Index) - 1 - Index>(targets)), ...);
}
template <class... Target, class Visit>
void backwards(std::tuple<Target...>& targets, Visit visit) {
  backwards_by_index(targets, visit, std::index_sequence_for<Target...>{});
}

void keep_earlier(std::optional<base::BootTime>& first, std::optional<base::BootTime> other) {
  if (other && (!first || *other < *first)) first = other;
}

template <class Row>
bool may_remove(const Target<Row>& target, const Gate& gate) {
  return target.has_removable() && gate.may_remove<Row>();
}

}  // namespace

Reconciler::Reconciler(Stores stores)
    : targets_(std::apply([](auto&&... store) { return decltype(targets_)(std::move(store)...); }, std::move(stores))) {}

void Reconciler::assert_rows(const model::Owner& owner, std::vector<Row> rows) {
  Kinds::Tuple<RowPtrs> lists;
  for (auto& row : rows)
    std::visit([&]<class Kind>(Kind& kind) { std::get<RowPtrs<Kind>>(lists).push_back(std::make_shared<const Kind>(std::move(kind))); },
               row);
  forwards(targets_, [&]<class Kind>(Target<Kind>& target) { target.replace_claims(owner, std::move(std::get<RowPtrs<Kind>>(lists))); });
}

void Reconciler::read_actual(Extent extent, base::BootTime now) {
  forwards(targets_, [&]<class Kind>(Target<Kind>& target) {
    const auto again = target.next_read();
    if (extent == Extent::kAll || (extent == Extent::kNetwork && Kind::kFacts.reread == Reread::kOnNetworkHints) ||
        (again && *again <= now))
      target.read_actual(now);
  });
}

std::optional<base::BootTime> Reconciler::next_read() const {
  std::optional<base::BootTime> next;
  forwards(targets_, [&](const auto& target) { keep_earlier(next, target.next_read()); });
  return next;
}

std::vector<model::Problem> Reconciler::unreadable() const {
  std::vector<model::Problem> problems;
  forwards(targets_, [&]<class Kind>(const Target<Kind>& target) {
    if (!target.unreadable().empty()) problems.push_back({std::string(Kind::kKind), "cannot be read: " + target.unreadable(), ""});
  });
  return problems;
}

void Reconciler::apply(base::BootTime now, const Gate& gate) {
  forwards(targets_, [&](auto& target) { target.put_due(now, counters_); });
  backwards(targets_, [&]<class Kind>(Target<Kind>& target) {
    if constexpr (Kind::kFacts.removal == Removal::kAtOnce)
      if (may_remove(target, gate)) target.remove_due(now, kNoLimit, counters_);
  });
}

bool Reconciler::remove_slow(base::BootTime now, const Gate& gate) {
  bool more = false;
  uint64_t before = counters_.writes + counters_.failed_writes;
  auto remove_one = [&]<class Kind>(Target<Kind>& target) {
    if (!may_remove(target, gate)) return;
    bool spent = counters_.writes + counters_.failed_writes != before;
    more |= target.remove_due(now, spent ? 0 : 1, counters_);
  };
  for (auto removal : {Removal::kSlowFirst, Removal::kSlow})
    backwards(targets_, [&]<class Kind>(Target<Kind>& target) {
      if (Kind::kFacts.removal == removal) remove_one(target);
    });
  return more;
}

std::optional<base::BootTime> Reconciler::next_retry(const Gate& gate) const {
  std::optional<base::BootTime> next;
  forwards(targets_, [&]<class Kind>(const Target<Kind>& target) { keep_earlier(next, target.next_retry(gate.may_remove<Kind>())); });
  return next;
}

std::optional<std::string> Reconciler::unsettled(const model::Owner& owner) const {
  std::optional<std::string> reason;
  forwards(targets_, [&](const auto& target) {
    auto found = target.unsettled(owner);
    if (found && (!reason || reason->empty())) reason = found;
  });
  return reason;
}

void Reconciler::report(model::Effects& effects, model::Table<model::KeyProblems>& problems) {
  forwards(targets_, [&]<class Kind>(Target<Kind>& target) { target.report(effects.of<Kind>(), problems); });
}

}  // namespace reconcile
