// The one seam between reconcile and the world: a store reads and writes one kind of desired row. Real stores are in io/kernel and
// io/files, the fake one in tests/support. Put and remove are idempotent: EEXIST and ENOENT are success.
#pragma once

#include <cerrno>
#include <vector>

#include "base/result.h"

namespace io {

// The code of the Error by which put() says that a write is neither done nor refused yet.
constexpr int kUnderWay = EINPROGRESS;

template <class Row>
struct Conclusion {
  Row row;  // as it was sent
  base::Result<void> result;
};

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
  // Makes it so. `actual` is the row as last read or written, null when there was none. kUnderWay: how it ended concluded() will say, and
  // until then the row counts as not written. Another put of the same key takes its place.
  virtual base::Result<void> put(const Row& row, const Row* actual) = 0;
  virtual base::Result<void> remove(const Row& actual) = 0;
  // Writes under way that have ended since the last call. Whoever ends one pokes the engine by a fact, be it an empty one.
  virtual std::vector<Conclusion<Row>> concluded() { return {}; }
};

}  // namespace io
