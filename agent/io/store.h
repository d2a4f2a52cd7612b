// The one seam between reconcile and the world: a store reads and writes one kind of desired row. Real stores are in io/kernel and
// io/files, the fake one in tests/support. Put and remove are idempotent: EEXIST and ENOENT are success.
#pragma once

#include <vector>

#include "base/result.h"

namespace io {

template <class Row>
class Store {
 public:
  virtual ~Store() = default;
  // What is there now and is ichor's, recognised without memory (pin path, route protocol, link or filter name).
  virtual base::Result<std::vector<Row>> list() = 0;
  // What list() gave is wanted as this row, which compares equal and may say more than the store could read.
  virtual void recognise(const Row&) {}
  // The row is in force although list() could not know it for ichor's: it bears no mark. Such a row is not written again.
  virtual bool holds(const Row&) { return false; }
  // Makes it so. `actual` is the row as last read or written, null when there was none.
  virtual base::Result<void> put(const Row& row, const Row* actual) = 0;
  virtual base::Result<void> remove(const Row& actual) = 0;
};

}  // namespace io
