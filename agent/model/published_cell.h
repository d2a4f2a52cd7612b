// Where the engine leaves the latest Published for readers on other threads.
#pragma once

#include <atomic>
#include <memory>

#include "model/effect.h"

namespace model {

using PublishedCell = std::atomic<std::shared_ptr<const Published>>;

}  // namespace model
