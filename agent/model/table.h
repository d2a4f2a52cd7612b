// A persistent table: copying it shares every row, changing it touches O(log n) nodes. The engine owns the live tables;
// everyone else reads copies.
#pragma once

#include <cstdint>
#include <immer/map.hpp>
#include <memory>
#include <string>

namespace model {

template <class Row>
class Table {
 public:
  using RowPtr = std::shared_ptr<const Row>;

  const Row* find(const std::string& key) const {
    const RowPtr* row = rows_.find(key);
    return row ? row->get() : nullptr;
  }

  RowPtr share(const std::string& key) const {
    const RowPtr* row = rows_.find(key);
    return row ? *row : nullptr;
  }

  // False when the table already says so: nothing depends on an event that changes nothing.
  bool set(const std::string& key, RowPtr row) {
    const Row* old = find(key);
    if (old && *old == *row) return false;
    rows_ = std::move(rows_).set(key, std::move(row));
    ++revision_;
    return true;
  }
  bool erase(const std::string& key) {
    if (!find(key)) return false;
    rows_ = std::move(rows_).erase(key);
    ++revision_;
    return true;
  }

  size_t size() const { return rows_.size(); }
  uint64_t revision() const { return revision_; }
  auto begin() const { return rows_.begin(); }
  auto end() const { return rows_.end(); }

 private:
  immer::map<std::string, RowPtr> rows_;
  uint64_t revision_ = 0;
};

}  // namespace model
