// What comes from the API server's side before any object: a kubeconfig, or with a first byte below 128 a response, fed in steps of
// that many bytes.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "io/kube/kubeconfig.h"
#include "io/kube/response.h"

namespace {

void feed_response(size_t step, std::string_view bytes) {
  const size_t end = io::kube::head_length(bytes);
  if (end == std::string_view::npos) return;
  const auto head = io::kube::parse_head(bytes.substr(0, end));
  if (!head.ok()) return;
  bytes.remove_prefix(end);
  io::kube::Body body(*head);
  size_t content = 0;
  while (!bytes.empty() && !body.ended()) {
    std::string_view part = bytes.substr(0, step);
    bytes.remove_prefix(part.size());
    const auto fed = body.feed(part, [&content](std::string_view piece) {
      content += piece.size();
      return true;
    });
    if (!fed.ok()) return;
    if (!part.empty() && !body.ended()) std::abort();  // it takes all but what follows its end
  }
  if (head->length && !head->chunked && !head->gzip && content > *head->length) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const std::string rest(reinterpret_cast<const char*>(bytes + 1), size - 1);
  if (bytes[0] < 128) {
    feed_response(bytes[0] + 1u, rest);
  } else if (const auto parsed = io::kube::parse_kubeconfig(rest, "/k"); parsed.ok() && (parsed->host.empty() || parsed->port == 0)) {
    std::abort();
  }
  return 0;
}
