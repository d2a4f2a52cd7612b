// A persistent table: copying it shares every row, changing it touches O(log n) nodes. The engine owns the live tables;
// everyone else reads copies.
#pragma once

#include <cstdint>
#include <immer/map.hpp>
#include <memory>
#include <string>
#include <utility>

namespace model {

// Rows of every kind lie in one kind of map: its code is in the executable once.
using ErasedRows = immer::map<std::string, std::shared_ptr<const void>>;

template <class Row>
class Table {
 public:
  using RowPtr = std::shared_ptr<const Row>;

  // Its elements are {key, row}.
  class Iterator {
   public:
    explicit Iterator(const ErasedRows::iterator& at) : at_(at) {}
    std::pair<const std::string&, const Row*> operator*() const { return {at_->first, row_of(at_->second)}; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    ErasedRows::iterator at_;
  };

  const Row* find(const std::string& key) const {
    const auto* row = rows_.find(key);
    return row ? row_of(*row) : nullptr;
  }

  RowPtr share(const std::string& key) const {
    const auto* row = rows_.find(key);
    return row ? std::static_pointer_cast<const Row>(*row) : nullptr;
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
  Iterator begin() const { return Iterator(rows_.begin()); }
  Iterator end() const { return Iterator(rows_.end()); }

 private:
  static const Row* row_of(const std::shared_ptr<const void>& row) { return static_cast<const Row*>(row.get()); }

  ErasedRows rows_;
  uint64_t revision_ = 0;
};

}  // namespace model
