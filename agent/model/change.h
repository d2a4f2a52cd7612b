// All kinds of rows that are known of, and a row's coming, changing or going.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include "model/cluster/kinds.h"
#include "model/config.h"
#include "model/host/allocation.h"
#include "model/host/forward_chain.h"
#include "model/host/kube_proxy_rules.h"
#include "model/host/link.h"
#include "model/host/sandbox.h"
#include "model/kinds.h"
#include "model/problem.h"
#include "model/source_status.h"

namespace model {

using KnownKinds = decltype(ObjectKinds() + Kinds<Link, Address, HostRoute, LostDefaultRoute, HostNeighbor, ForwardChain, KubeProxyRules,
                                                  Sandbox, Allocation, Config, Setting, SourceStatus, CanaryResult, UnreadKind, Problem>());

// A row of the list above; one that has no table facts does not compile.
template <class Row>
concept KnownRow = KnownKinds::kContains<Row> && std::equality_comparable<Row> && requires {
  { Row::kTable } -> std::convertible_to<TableFacts>;
};

template <class Row>
struct RowChange {
  static_assert(KnownRow<Row>);
  std::string key;
  std::shared_ptr<const Row> row;  // null: the row is gone
};

using Change = KnownKinds::Variant<RowChange>;

template <KnownRow Row>
Change put(std::string key, Row row) {
  return RowChange<Row>{std::move(key), std::make_shared<const Row>(std::move(row))};
}
template <KnownRow Row>
Change put(Row row) {
  std::string key = row.key();
  return RowChange<Row>{std::move(key), std::make_shared<const Row>(std::move(row))};
}
template <KnownRow Row>
Change gone(std::string key) {
  return RowChange<Row>{std::move(key), nullptr};
}

// The same row, gone.
inline Change gone_like(const Change& change) {
  return std::visit([]<class Row>(const RowChange<Row>& row) { return gone<Row>(row.key); }, change);
}
inline const std::string& key_of(const Change& change) {
  return std::visit([](const auto& row) -> const std::string& { return row.key; }, change);
}

// Problems have keys of their own; see problem_key().
Change put(std::string, Problem) = delete;
inline Change put_problem(Origin origin, const std::string& name, Problem problem) {
  problem.origin = origin;
  return RowChange<Problem>{problem_key(origin, name), std::make_shared<const Problem>(std::move(problem))};
}
inline Change gone_problem(Origin origin, const std::string& name) { return gone<Problem>(problem_key(origin, name)); }

// One row of any table, before and after a change.
struct Touched {
  Change before;  // null row: it is new
  Change after;   // null row: it is gone

  template <class Row>
  bool is() const {
    return std::holds_alternative<RowChange<Row>>(after);
  }
  template <class Row>
  const std::string& key() const {
    return std::get<RowChange<Row>>(after).key;
  }
  template <class Row>
  const Row* old_row() const {
    return std::get<RowChange<Row>>(before).row.get();
  }
  template <class Row>
  const Row* new_row() const {
    return std::get<RowChange<Row>>(after).row.get();
  }
};

}  // namespace model
