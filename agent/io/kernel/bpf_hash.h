// A pinned BPF hash map, or a trie or array reached by system calls, by its key and value types.
#pragma once

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "io/kernel/bpf_pins.h"

namespace io::kernel {

template <class K, class V>
class HashMap {
  static_assert(std::has_unique_object_representations_v<K>, "padding would be part of the key");
  static_assert(std::has_unique_object_representations_v<V>, "padding would reach the kernel");

 public:
  // ENOENT: not pinned.
  static base::Result<HashMap> open(const std::string& bpf_root, const std::string& name) {
    return HashMap(TRY(open_map(bpf_root, name)), name);
  }

  base::Result<std::optional<V>> find(const K& key) const {
    V value;
    if (bpf_map_lookup_elem(fd_.get(), &key, &value) == 0) return std::optional<V>(value);
    if (errno == ENOENT) return std::optional<V>();
    return base::errno_error("map " + name_);
  }
  base::Result<void> update(const K& key, const V& value) const {
    if (bpf_map_update_elem(fd_.get(), &key, &value, BPF_ANY) != 0)
      return base::errno_error("map " + name_ + (errno == E2BIG || errno == ENOSPC ? " is full" : ""));
    return {};
  }
  // Also without such an entry.
  base::Result<void> erase(const K& key) const {
    if (bpf_map_delete_elem(fd_.get(), &key) != 0 && errno != ENOENT) return base::errno_error("map " + name_);
    return {};
  }

  // The kernel's; never used again.
  base::Result<uint32_t> id() const {
    bpf_map_info facts = {};
    uint32_t size = sizeof facts;
    if (bpf_map_get_info_by_fd(fd_.get(), &facts, &size) != 0) return base::errno_error("map " + name_);
    return facts.id;
  }

  // Calls step(key, value) for each entry; one that comes or goes meanwhile may be seen or not.
  template <class Step>
  base::Result<void> for_each(Step step) const {
    std::vector<K> keys(kBatch);
    std::vector<V> values(kBatch);
    alignas(8) std::array<char, std::max<size_t>(sizeof(K), 8)> token{};  // a bucket's number, of tries a key
    for (void* after = nullptr;;) {
      uint32_t count = static_cast<uint32_t>(keys.size());
      int error = bpf_map_lookup_batch(fd_.get(), after, token.data(), keys.data(), values.data(), &count, nullptr) ? errno : 0;
      if (error == ENOSPC) {  // one bucket holds more than a batch
        keys.resize(keys.size() * 2);
        values.resize(keys.size());
        continue;
      }
      if (error && error != ENOENT) return base::system_error(error, "map " + name_);
      for (uint32_t i = 0; i < count; ++i) step(keys[i], values[i]);
      if (error == ENOENT) return {};
      after = token.data();
    }
  }

 private:
  static constexpr size_t kBatch = 256;
  HashMap(base::Fd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  base::Fd fd_;
  std::string name_;
};

}  // namespace io::kernel
