// Values files and --set arguments from bytes: a first byte of zero makes the rest a --set argument, else it is a file, laid over itself
// and converted.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "sources/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  std::string rest(reinterpret_cast<const char*>(bytes + 1), size - 1);
  auto settings = bytes[0] == 0 ? sources::parse_settings({}, {rest}) : sources::parse_settings({{"a", rest}, {"b", rest}}, {});
  if (!settings.errors.empty() && settings.config != model::Config{}) std::abort();  // bad input must not leave a half-made configuration
  auto conversion = sources::convert_settings(std::vector<sources::NamedText>{{"a", rest}});
  if (!sources::parse_settings({{"converted", conversion.values}}, {}).errors.empty()) std::abort();  // what is printed is taken
  return 0;
}
