// ichor-cni's verbs: from the runtime's variables and stdin to what is printed. All that changes anything happens in the agent.
#pragma once

#include <string>
#include <string_view>

#include "io/cni/protocol.h"

namespace io::cni {

struct Answer {
  std::string text;  // for stdout
  int exit_code = 0;
};

Answer run_plugin(const Variables& variables, std::string_view stdin_text);

}  // namespace io::cni
