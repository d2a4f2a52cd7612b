// A pinned BPF_F_MMAPABLE array, read and written as memory. The kernel maps all pages of a mapping at once and they count as the
// agent's, so a window is mapped when something in it is first touched.
#pragma once

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "io/kernel/bpf_pins.h"

namespace io::kernel {

template <class T>
class MappedArray {
  static_assert(std::has_unique_object_representations_v<T>, "padding would reach the kernel");

 public:
  MappedArray() = default;
  MappedArray(MappedArray&& other) noexcept { *this = std::move(other); }
  MappedArray& operator=(MappedArray&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(size_, other.size_);
    std::swap(id_, other.id_);
    std::swap(window_bytes_, other.window_bytes_);
    std::swap(windows_, other.windows_);
    return *this;
  }
  ~MappedArray() {
    for (size_t i = 0; i < windows_.size(); ++i)
      if (windows_[i]) munmap(windows_[i], bytes_of(i));
  }

  // ENOENT: not pinned. EINVAL: its entries are not of T's size.
  static base::Result<MappedArray> open(const std::string& bpf_root, const std::string& name) {
    MappedArray array;
    array.fd_ = TRY(open_map(bpf_root, name));
    bpf_map_info facts = {};
    uint32_t facts_size = sizeof facts;
    if (bpf_map_get_info_by_fd(array.fd_.get(), &facts, &facts_size) != 0) return base::errno_error("map " + name);
    if (facts.value_size != sizeof(T)) return base::Error{EINVAL, "map " + name + ": entries of another size"};
    array.size_ = facts.max_entries;
    array.id_ = facts.id;
    size_t unit = std::lcm(static_cast<size_t>(sysconf(_SC_PAGESIZE)), kStride);  // no entry lies across two windows
    array.window_bytes_ = std::max(kWindowBytes / unit, size_t{1}) * unit;
    array.windows_.resize((array.total_bytes() + array.window_bytes_ - 1) / array.window_bytes_);
    return array;
  }

  uint32_t size() const { return size_; }  // entries
  uint32_t id() const { return id_; }      // the kernel's; never used again

  // Errors: the index is beyond the map, or its memory cannot be mapped.
  base::Result<T> load(uint32_t index) {
    const void* entry = TRY(entry_at(index));
    T value;
    if constexpr (sizeof(T) <= 8) {
      __atomic_load(static_cast<const T*>(entry), &value, __ATOMIC_ACQUIRE);
    } else {
      std::memcpy(&value, entry, sizeof value);
    }
    return value;
  }

  // Up to 8 bytes in one store, after all stores before it; larger values may be seen half written.
  base::Result<void> store(uint32_t index, const T& value) {
    void* entry = TRY(entry_at(index));
    if constexpr (sizeof(T) <= 8) {
      T copy = value;
      __atomic_store(static_cast<T*>(entry), &copy, __ATOMIC_RELEASE);
    } else {
      std::memcpy(entry, &value, sizeof value);
    }
    return {};
  }

 private:
  static constexpr size_t kWindowBytes = 256 << 10;
  static constexpr size_t kStride = (sizeof(T) + 7) / 8 * 8;  // the kernel lays entries out so

  size_t total_bytes() const {
    size_t page = sysconf(_SC_PAGESIZE);
    return (size_ * kStride + page - 1) / page * page;
  }
  size_t bytes_of(size_t window) const { return std::min(window_bytes_, total_bytes() - window * window_bytes_); }

  base::Result<void*> entry_at(uint32_t index) {
    if (index >= size_) return base::Error{ERANGE, "index " + std::to_string(index) + " in a map of " + std::to_string(size_)};
    size_t offset = index * kStride, window = offset / window_bytes_;
    if (!windows_[window]) {
      void* memory =
          mmap(nullptr, bytes_of(window), PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), static_cast<off_t>(window * window_bytes_));
      if (memory == MAP_FAILED) return base::errno_error("mmap of a map");
      windows_[window] = static_cast<char*>(memory);
    }
    return static_cast<void*>(windows_[window] + offset % window_bytes_);
  }

  base::Fd fd_;
  uint32_t size_ = 0, id_ = 0;
  size_t window_bytes_ = 0;
  std::vector<char*> windows_;  // null: not touched yet
};

}  // namespace io::kernel
