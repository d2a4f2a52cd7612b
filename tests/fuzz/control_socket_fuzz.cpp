// The control socket's messages, both directions: what is accepted comes back the same after encoding.
#include "io/cni/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto request = io::cni::parse_request(text)) {
    const auto again = io::cni::parse_request(io::cni::encode(*request));
    if (!again || !(*again == *request)) __builtin_trap();
  }
  if (const auto reply = io::cni::parse_reply(text)) {
    const auto again = io::cni::parse_reply(io::cni::encode(*reply));
    if (!again || !(*again == *reply)) __builtin_trap();
  }
  return 0;
}
