#include "sources/decode/row_change.h"

namespace sources::decode {

bool same(const ObjectRow& one, const ObjectRow& other) {
  if (one.index() != other.index()) return false;
  return std::visit(
      [&](const auto& row) {
        const auto& other_row = std::get<std::decay_t<decltype(row)>>(other);
        return row == other_row || *row == *other_row;
      },
      one);
}

model::Change put_change(const std::string& key, const ObjectRow& row) {
  return std::visit(
      [&]<class Row>(const std::shared_ptr<const Row>& shared) -> model::Change { return model::RowChange<Row>{key, shared}; }, row);
}

model::Change gone_change(const std::string& key, const ObjectRow& last) {
  return std::visit([&]<class Row>(const std::shared_ptr<const Row>&) { return model::gone<Row>(key); }, last);
}

const model::ObjectMeta& meta_of(const ObjectRow& row) {
  return std::visit([](const auto& shared) -> const model::ObjectMeta& { return shared->meta; }, row);
}

}  // namespace sources::decode
