// What became of desired rows, in words.
#pragma once

#include <string>

#include "model/effect.h"

namespace status {

// "done", "pending", "failed", or "kept": nobody asks for it, but the sources that might have not all synced.
std::string_view effect_state(const model::Effect& effect);

// What a person calls the thing: "connect4@/sys/fs/cgroup", "default/web:http/TCP/IPv4".
std::string thing_name(const model::Effect& effect);

// "3 times, again in 1.5 s"; "" for what did not fail.
std::string retry_text(const model::Outcome& outcome, base::BootTime now);

}  // namespace status
