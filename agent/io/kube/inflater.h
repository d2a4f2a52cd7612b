// Content in the coding gzip (RFC 1952), of one member, made plain piece by piece.
#pragma once

#include <zlib.h>

#include <array>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "io/kube/connection.h"

namespace io::kube {

class Inflater {
 public:
  Inflater();

  // False when the sink said so. Errors: EPROTO for what is no gzip, is damaged or comes behind its end.
  base::Result<bool> feed(std::string_view piece, const BodySink& sink);
  bool ended() const { return ended_; }

 private:
  struct Release {
    void operator()(z_stream* stream) const;
  };

  std::unique_ptr<z_stream, Release> stream_;
  std::array<char, 64 << 10> plain_;
  bool ended_ = false;
};

}  // namespace io::kube
