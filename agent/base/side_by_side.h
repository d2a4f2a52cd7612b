// Work that is cut into pieces, on as many threads as the machine has processors.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <vector>

#include "base/thread.h"

namespace base {

// Does all pieces, 0 to count - 1, and returns the first one's error. Where no thread can be made the caller's does them alone.
inline Result<void> side_by_side(size_t count, const std::function<Result<void>(size_t)>& piece) {
  std::atomic<size_t> next = 0;
  std::vector<Result<void>> results(count);
  auto work = [&] {
    for (size_t i = next++; i < count; i = next++) results[i] = piece(i);
  };
  std::vector<Thread> others(std::min<size_t>(std::max(std::thread::hardware_concurrency(), 1U), std::max<size_t>(count, 1)) - 1);
  for (auto& thread : others)
    if (!thread.start(work).ok()) break;
  work();
  for (auto& thread : others)
    if (thread.joinable()) thread.join();
  for (auto& result : results)
    if (!result.ok()) return std::move(result);
  return {};
}

}  // namespace base
