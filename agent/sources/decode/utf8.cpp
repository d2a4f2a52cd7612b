#include "sources/decode/utf8.h"

#include <cstdint>

namespace sources::decode {
namespace {

struct Sequence {
  size_t length = 0;  // 0: no sequence starts with this byte
  uint8_t second_from = 0x80, second_to = 0xbf;
};

// RFC 3629 section 4; the narrower second bytes keep out overlong forms and surrogates.
Sequence sequence_of(uint8_t first) {
  if (first < 0x80) return {1};
  if (first < 0xc2) return {0};
  if (first < 0xe0) return {2};
  if (first == 0xe0) return {3, 0xa0, 0xbf};
  if (first == 0xed) return {3, 0x80, 0x9f};
  if (first < 0xf0) return {3};
  if (first == 0xf0) return {4, 0x90, 0xbf};
  if (first < 0xf4) return {4};
  if (first == 0xf4) return {4, 0x80, 0x8f};
  return {0};
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    Sequence sequence = sequence_of(static_cast<uint8_t>(text[i]));
    if (sequence.length == 0 || text.size() - i < sequence.length) return false;
    for (size_t k = 1; k < sequence.length; ++k) {
      auto byte = static_cast<uint8_t>(text[i + k]);
      if (k == 1 ? byte < sequence.second_from || byte > sequence.second_to : (byte & 0xc0) != 0x80) return false;
    }
    i += sequence.length;
  }
  return true;
}

}  // namespace sources::decode
