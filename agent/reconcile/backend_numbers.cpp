#include "reconcile/backend_numbers.h"

#include "reconcile/service_abi.h"

namespace reconcile {

base::Result<uint32_t> BackendNumbers::hold_one(const Backend& backend, io::ServiceMaps& maps, base::BootTime now) {
  auto known = numbers_.find(backend);
  if (known == numbers_.end()) {
    auto number = free_.allocate(1, now);
    if (!number) return all_in_use("backends", capacity_);
    if (auto written = maps.set_backend(*number, to_abi(backend)); !written.ok()) {
      free_.release(*number, 1, now);
      return written.error();
    }
    known = numbers_.emplace(backend, Numbered{*number}).first;
    backends_[*number] = backend;
  } else if (!known->second.written) {
    TRY(maps.set_backend(known->second.number, to_abi(backend)));
    known->second.written = true;
  }
  ++known->second.references;
  return known->second.number;
}

base::Result<std::vector<uint32_t>> BackendNumbers::hold(const std::vector<Backend>& backends, io::ServiceMaps& maps, base::BootTime now) {
  std::vector<uint32_t> numbers;
  for (const auto& backend : backends) {
    auto number = hold_one(backend, maps, now);
    if (!number.ok()) {
      release(numbers, now);
      return number.error();
    }
    numbers.push_back(*number);
  }
  return numbers;
}

void BackendNumbers::release(const std::vector<uint32_t>& numbers, base::BootTime now) {
  for (uint32_t number : numbers) {
    auto backend = backends_.find(number);
    if (backend == backends_.end()) continue;
    auto numbered = numbers_.find(backend->second);
    if (--numbered->second.references) continue;
    free_.release(number, 1, now);
    numbers_.erase(numbered);
    backends_.erase(backend);
  }
}

bool BackendNumbers::adopt(uint32_t number, const Backend& backend) {
  auto known = backends_.find(number);
  if (known == backends_.end()) {
    if (numbers_.contains(backend) || !free_.claim(number, 1)) return false;
    backends_[number] = backend;
    numbers_[backend] = {number, 1};
    return true;
  }
  if (known->second != backend) return false;
  ++numbers_.at(backend).references;
  return true;
}

void BackendNumbers::distrust(uint32_t number) {
  if (auto known = backends_.find(number); known != backends_.end()) numbers_.at(known->second).written = false;
}

const model::desired::Backend* BackendNumbers::find(uint32_t number) const {
  auto found = backends_.find(number);
  return found == backends_.end() ? nullptr : &found->second;
}

}  // namespace reconcile
