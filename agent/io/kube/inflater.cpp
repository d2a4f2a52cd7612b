#include "io/kube/inflater.h"

#include <new>

namespace io::kube {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;  // as inflateInit2 takes it

}  // namespace

void Inflater::Release::operator()(z_stream* stream) const {
  ::inflateEnd(stream);
  delete stream;
}

Inflater::Inflater() : stream_(new z_stream{}) {
  if (::inflateInit2(stream_.get(), kGzipOnly) != Z_OK) throw std::bad_alloc();
}

base::Result<bool> Inflater::feed(std::string_view piece, const BodySink& sink) {
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));  // zlib only reads it
  stream_->avail_in = static_cast<uInt>(piece.size());
  do {
    if (ended_) return base::Error{EPROTO, "something follows the end of gzip content"};
    stream_->next_out = reinterpret_cast<Bytef*>(plain_.data());
    stream_->avail_out = plain_.size();
    const int outcome = ::inflate(stream_.get(), Z_NO_FLUSH);
    if (outcome == Z_MEM_ERROR) throw std::bad_alloc();
    if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR)
      return base::Error{EPROTO, std::string("not gzip content: ") + (stream_->msg ? stream_->msg : "it needs a dictionary")};
    ended_ = outcome == Z_STREAM_END;
    const std::string_view plain(plain_.data(), plain_.size() - stream_->avail_out);
    if (!plain.empty() && !sink(plain)) return false;
  } while (stream_->avail_in != 0 || (stream_->avail_out == 0 && !ended_));
  return true;
}

}  // namespace io::kube
