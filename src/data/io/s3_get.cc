#include "data/io/s3_get.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <new>
#include <utility>

#include "data/io/read_memory.h"

namespace shoal::data {
namespace {

constexpr std::int64_t k_whole_max = 64 * 1024 * 1024;  // larger ones were listed as small and have changed

S3Request request_of(S3GetSpec& spec) {
  S3Request request;
  request.bucket = std::move(spec.bucket);
  request.key = std::move(spec.key);
  request.queue_order = spec.queue_order;
  if (spec.length >= 0) {
    request.more_head = "range: bytes=" + std::to_string(spec.offset) + "-" +
                        std::to_string(spec.offset + spec.length - 1) + "\r\n";
  }
  if (!spec.etag.empty()) request.more_head.append("if-match: \"").append(spec.etag).append("\"\r\n");
  return request;
}

S3Fault refused(const HttpReply& reply, ErrorCode verdict, std::string text) {
  S3Fault fault;
  fault.status = reply.status;
  fault.body.request_id = reply.request_id;
  fault.text = std::move(text);
  fault.verdict = verdict;
  return fault;
}

bool take_number(std::string_view& text, std::int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_letter(std::string_view& text, char letter) {
  if (text.empty() || text.front() != letter) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

bool parse_content_range(std::string_view text, std::int64_t& first, std::int64_t& last, std::int64_t& total) {
  if (!text.starts_with("bytes ")) return false;
  text.remove_prefix(6);
  return take_number(text, first) && take_letter(text, '-') && take_number(text, last) && take_letter(text, '/') &&
         take_number(text, total) && text.empty() && first <= last && last < total;
}

S3Get::S3Get(S3Client& sender, S3GetSpec spec, std::shared_ptr<S3GetSink> sink, std::size_t index)
    : S3Call(sender, request_of(spec)),
      offset_(spec.offset),
      length_(spec.length),
      etag_(std::move(spec.etag)),
      into_(std::move(spec.into)),
      into_bytes_(spec.into_bytes),
      sink_(std::move(sink)),
      index_(index) {}

std::uint8_t* S3Get::place_body(const HttpReply& reply, std::int64_t length) {
  const bool expected = length_ < 0 ? reply.status == 200 && length <= k_whole_max
                                    : reply.status == 206 && length <= length_;
  if (!expected) return nullptr;  // an error's text, or something that check() refuses
  if (into_ != nullptr && (length_ < 0 ? length == into_bytes_ : length <= into_bytes_)) {
    memory_ = into_;
    return memory_.get();
  }
  try {
    memory_ = allocate_read_memory(static_cast<std::size_t>(length));
  } catch (const std::bad_alloc&) { return nullptr; }
  return memory_.get();
}

std::optional<S3Fault> S3Get::check(const HttpReply& reply) {
  if (!etag_.empty() && !reply.etag.empty() && reply.etag != etag_) {
    return refused(reply, ErrorCode::changed, "its ETag is not the one that was asked for");
  }
  if (length_ < 0) {
    if (reply.status != 200) return refused(reply, ErrorCode::corrupt_data, "a whole object needs status 200");
    if (reply.body_size > 0 && memory_ == nullptr) {
      return refused(reply, ErrorCode::corrupt_data, "the body came without its length");
    }
    return std::nullopt;
  }
  std::int64_t first = 0, last = 0, total = 0;
  if (reply.status != 206) return refused(reply, ErrorCode::corrupt_data, "the store does not answer with the range");
  const bool ranged = parse_content_range(reply.content_range, first, last, total);
  if (!ranged || first != offset_ || last != std::min(offset_ + length_, total) - 1 ||
      reply.body_size != last - first + 1 || reply.content_length != reply.body_size) {
    return refused(reply, ErrorCode::corrupt_data, "the range in the answer is not the one that was asked for");
  }
  return std::nullopt;
}

void S3Get::on_done(HttpReply& reply) {
  S3GetResult result;
  const auto size = static_cast<std::size_t>(reply.body_size);
  const std::uint8_t* data = memory_.get();
  result.bytes = Bytes(std::move(memory_), data, size);
  result.etag = std::move(reply.etag);
  std::int64_t first = 0, last = 0;
  if (length_ < 0) {
    result.total = reply.body_size;
  } else {
    parse_content_range(reply.content_range, first, last, result.total);
  }
  sink_->on_get(index_, std::move(result));
}

void S3Get::on_failed(const S3Fault& fault, Status error) {
  S3GetResult result;
  if (fault.status == 416) {
    result.total = offset_;  // the object ends before; where the range begins at 0, it is empty
  } else {
    result.error = std::move(error);
  }
  sink_->on_get(index_, std::move(result));
}

}  // namespace shoal::data
