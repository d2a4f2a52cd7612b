// The store of rows that are the keys of a pinned map, whose values say nothing (__u32 zero).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/kernel/bpf_hash.h"
#include "io/store.h"

namespace io::kernel {

template <class Row, class Key, Key (*key_of)(const Row&), Row (*row_of)(const Key&)>
class KeyStore final : public Store<Row> {
 public:
  explicit KeyStore(std::string bpf_root) : bpf_root_(std::move(bpf_root)) {}

  // Empty before the map is pinned.
  base::Result<std::vector<Row>> list() override {
    map_.reset();  // what is pinned now
    auto opened = map();
    if (!opened.ok() && opened.error().code == ENOENT) return std::vector<Row>();
    if (!opened.ok()) return opened.error();
    std::vector<Row> rows;
    TRY((*opened)->for_each([&](const Key& key, uint32_t) { rows.push_back(row_of(key)); }));
    return rows;
  }
  // ENOENT: the map is not pinned.
  base::Result<void> put(const Row& row, const Row*) override { return TRY(map())->update(key_of(row), 0); }
  base::Result<void> remove(const Row& actual) override { return TRY(map())->erase(key_of(actual)); }

 private:
  using Map = HashMap<Key, uint32_t>;

  // Kept open: there are thousands of writes at a start.
  base::Result<Map*> map() {
    const uint64_t replacements = pin_replacements();
    if (map_ && replacements_ == replacements) return &*map_;
    map_ = TRY(Map::open(bpf_root_, Row::kKind.data()));
    replacements_ = replacements;
    return &*map_;
  }

  std::string bpf_root_;
  uint64_t replacements_ = 0;  // when the map was opened
  std::optional<Map> map_;
};

}  // namespace io::kernel
