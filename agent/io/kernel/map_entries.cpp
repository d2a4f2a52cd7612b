#include "io/kernel/map_entries.h"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

namespace io::kernel {
namespace {

using Bytes = std::vector<char>;

bool is_zero(const void* memory, size_t size) {
  const auto* bytes = static_cast<const char*>(memory);
  return std::all_of(bytes, bytes + size, [](char byte) { return byte == 0; });
}

// A mapping of the whole array, for as long as it is read.
class WholeArray {
 public:
  WholeArray(int fd, const MapShape& shape) {
    const size_t page = sysconf(_SC_PAGESIZE);
    size_ = (size_t{shape.entries} * stride(shape) + page - 1) / page * page;
    memory_ = mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
  }
  ~WholeArray() {
    if (mapped()) munmap(memory_, size_);
  }
  WholeArray(const WholeArray&) = delete;
  WholeArray& operator=(const WholeArray&) = delete;

  static size_t stride(const MapShape& shape) { return (size_t{shape.value_size} + 7) / 8 * 8; }  // the kernel lays entries out so
  bool mapped() const { return memory_ != MAP_FAILED; }
  const char* begin() const { return static_cast<const char*>(memory_); }

 private:
  void* memory_ = MAP_FAILED;
  size_t size_ = 0;
};

base::Result<void> for_each_mapped(int map_fd, const MapShape& shape, const EntryStep& step) {
  WholeArray array(map_fd, shape);
  if (!array.mapped()) return base::errno_error("mmap of a map");
  for (uint32_t i = 0; i < shape.entries; ++i) TRY(step(&i, array.begin() + i * WholeArray::stride(shape)));
  return {};
}

base::Result<void> for_each_by_batches(int map_fd, const MapShape& shape, const EntryStep& step) {
  size_t batch = 256;
  Bytes keys, values;
  std::vector<uint64_t> token(1 + shape.key_size / sizeof(uint64_t));  // a bucket's number, of tries and arrays a key
  for (void* after = nullptr;;) {
    keys.resize(batch * shape.key_size);
    values.resize(batch * shape.value_size);
    auto count = static_cast<uint32_t>(batch);
    int error = bpf_map_lookup_batch(map_fd, after, token.data(), keys.data(), values.data(), &count, nullptr) ? errno : 0;
    if (error == ENOSPC) {  // one bucket holds more than a batch
      batch *= 2;
      continue;
    }
    if (error && error != ENOENT) return base::system_error(error, "entries of a map");
    for (uint32_t i = 0; i < count; ++i) TRY(step(keys.data() + i * shape.key_size, values.data() + i * shape.value_size));
    if (error == ENOENT) return {};
    after = token.data();
  }
}

}  // namespace

bool is_array(const MapShape& shape) { return shape.type == BPF_MAP_TYPE_ARRAY; }

base::Result<void> for_each_entry(int map_fd, const MapShape& shape, const EntryStep& step) {
  if (is_array(shape) && (shape.flags & BPF_F_MMAPABLE)) return for_each_mapped(map_fd, shape, step);
  return for_each_by_batches(map_fd, shape, step);
}

base::Result<bool> each_for(int map_fd, const MapShape& shape, base::Millis at_most,
                            const std::function<void(const void* key, const void* value)>& step) {
  constexpr uint64_t kLookAtClockEvery = 1024;  // entries
  const base::BootTime until = base::boot_now() + at_most;
  uint64_t seen = 0;
  auto looked = for_each_entry(map_fd, shape, [&](const void* key, const void* value) -> base::Result<void> {
    if (++seen % kLookAtClockEvery == 0 && base::boot_now() >= until) return base::Error{ETIME, ""};
    step(key, value);
    return {};
  });
  if (!looked.ok() && looked.error().code != ETIME) return looked.error();
  return looked.ok();
}

base::Result<void> copy_entries(int from, const MapShape& from_shape, int to, const MapShape& to_shape,
                                const std::vector<Convert>& conversions) {
  constexpr size_t kLargest = 4096;  // of any version's keys and values
  Bytes key(kLargest), value(kLargest), next_key(kLargest), next_value(kLargest);
  const bool array = is_array(to_shape);
  return for_each_entry(from, from_shape, [&](const void* old_key, const void* old_value) -> base::Result<void> {
    if (array && is_zero(old_value, from_shape.value_size)) return {};
    std::copy_n(static_cast<const char*>(old_key), from_shape.key_size, key.data());
    std::copy_n(static_cast<const char*>(old_value), from_shape.value_size, value.data());
    for (Convert convert : conversions) {
      std::fill(next_key.begin(), next_key.end(), 0);
      std::fill(next_value.begin(), next_value.end(), 0);
      convert(key.data(), value.data(), next_key.data(), next_value.data());
      key.swap(next_key);
      value.swap(next_value);
    }
    if (bpf_map_update_elem(to, key.data(), value.data(), array ? BPF_ANY : BPF_NOEXIST) != 0 && errno != EEXIST)
      return base::errno_error("entry of a map");
    return {};
  });
}

}  // namespace io::kernel
