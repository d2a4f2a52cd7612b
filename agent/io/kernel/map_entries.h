// Entries of a map whose types are known by their sizes alone, and their way into a map of another size or layout.
#pragma once

#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/kernel/map_kinds.h"
#include "io/kernel/map_shape.h"

namespace io::kernel {

bool is_array(const MapShape& shape);

// Ends with the first error of `step`. Entries that come or go meanwhile may be seen or not. Of an array all entries are seen.
using EntryStep = std::function<base::Result<void>(const void* key, const void* value)>;
base::Result<void> for_each_entry(int map_fd, const MapShape& shape, const EntryStep& step);

// The same for those who only look. False: it stopped after that time, and has not seen all.
base::Result<bool> each_for(int map_fd, const MapShape& shape, base::Millis at_most,
                            const std::function<void(const void* key, const void* value)>& step);

// From one map into another, through each of `conversions` in turn. An entry that the other has already is left there: it is younger.
// E2BIG: the other one is full.
base::Result<void> copy_entries(int from, const MapShape& from_shape, int to, const MapShape& to_shape,
                                const std::vector<Convert>& conversions);

}  // namespace io::kernel
