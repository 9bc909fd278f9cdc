#include "data/io/http_reply.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "data/io/http_escape.h"

namespace shoal::data {
namespace http = boost::beast::http;

namespace {

constexpr std::size_t k_header_value_max = 2048;

bool is_name(std::string_view name, std::string_view wanted) {
  return name.size() == wanted.size() && std::equal(name.begin(), name.end(), wanted.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
         });
}

Status bad_reply(const std::string& why) { return Status(ErrorCode::corrupt_data, "the server's reply " + why); }

}  // namespace

void HttpReply::clear() {
  status = 0;
  keep_alive = false;
  content_length = -1;
  for (std::string* field :
       {&etag, &content_range, &last_modified, &location, &retry_after, &request_id, &bucket_region, &text}) {
    field->clear();
  }
  body_size = 0;
}

/// Beast's parser for the head, with our few headers taken out of it; it allocates nothing for the others.
class HttpReplyReader::Parser : public http::basic_parser<false> {
 public:
  explicit Parser(HttpReply* reply, bool to_head) : reply_(reply) {
    header_limit(k_head_bytes_max);
    body_limit(boost::none);  // place_body decides, and `text` has its own limit
    eager(false);
    skip(to_head);
  }

 private:
  using Text = boost::beast::string_view;
  using ErrorCodeOut = boost::beast::error_code;

  void on_request_impl(http::verb, Text, Text, int, ErrorCodeOut&) override {}
  void on_response_impl(int status, Text, int, ErrorCodeOut&) override { reply_->status = status; }

  void on_field_impl(http::field id, Text name, Text value, ErrorCodeOut&) override {
    const std::string_view bytes(value.data(), std::min(value.size(), k_header_value_max));
    switch (id) {
      case http::field::etag: reply_->etag = without_quotes(bytes); return;
      case http::field::content_range: reply_->content_range = bytes; return;
      case http::field::last_modified: reply_->last_modified = bytes; return;
      case http::field::location: reply_->location = bytes; return;
      case http::field::retry_after: reply_->retry_after = bytes; return;
      case http::field::unknown: break;
      default: return;
    }
    const std::string_view key(name.data(), name.size());
    if (key.size() < 6 || key[1] != '-') return;  // cheap: "x-amz-..."
    if (is_name(key, "x-amz-request-id")) reply_->request_id = bytes;
    else if (is_name(key, "x-amz-bucket-region")) reply_->bucket_region = bytes;
  }

  void on_header_impl(ErrorCodeOut&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCodeOut&) override {}
  std::size_t on_body_impl(Text, ErrorCodeOut&) override { return 0; }  // bodies do not go through the parser
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCodeOut&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text, ErrorCodeOut&) override { return 0; }
  void on_finish_impl(ErrorCodeOut&) override {}

  HttpReply* reply_;
};

HttpReplyReader::HttpReplyReader() = default;
HttpReplyReader::~HttpReplyReader() = default;

void HttpReplyReader::start(HttpReply& reply, HttpBodyPlace& place, bool to_head) {
  reply.clear();
  reply_ = &reply;
  place_ = &place;
  target_ = nullptr;
  missing_ = -1;
  to_head_ = to_head;
  head_done_ = to_end_ = any_ = done_ = false;
  parser_ = std::make_unique<Parser>(reply_, to_head_);
}

Result<std::size_t> HttpReplyReader::feed(std::string_view bytes) {
  std::size_t used = 0;
  any_ = any_ || !bytes.empty();
  while (!done_ && used < bytes.size()) {
    const std::string_view rest = bytes.substr(used);
    std::size_t n = 0;
    if (!head_done_) {
      SHOAL_ASSIGN_OR_RETURN(n, feed_head(rest));
      if (n == 0) break;
    } else if (missing_ >= 0) {
      n = feed_sized(rest);
    } else if (to_end_) {
      SHOAL_ASSIGN_OR_RETURN(n, feed_to_end(rest));
    } else {
      SHOAL_ASSIGN_OR_RETURN(n, feed_chunks(rest));
    }
    used += n;
  }
  return used;
}

Result<std::size_t> HttpReplyReader::feed_head(std::string_view bytes) {
  boost::beast::error_code error;
  const std::size_t used = parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == http::error::need_more) {
    if (bytes.size() > k_head_bytes_max) return bad_reply("has too long a head");
    return used;
  }
  if (error) return bad_reply("is not HTTP/1.1: " + error.message());
  if (!parser_->is_header_done()) return used;
  if (reply_->status / 100 == 1) {  // an interim reply; the real one follows
    reply_->clear();
    parser_ = std::make_unique<Parser>(reply_, to_head_);
    return used;
  }
  head_done_ = true;
  reply_->keep_alive = parser_->keep_alive();
  const boost::optional<std::uint64_t> length = parser_->content_length();
  if (length && *length > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return bad_reply("announces an impossible length");
  }
  if (length) reply_->content_length = static_cast<std::int64_t>(*length);
  if (parser_->is_done()) {
    done_ = true;
    return used;
  }
  if (parser_->chunked()) {
    chunks_ = HttpChunkDecoder();
    return used;
  }
  if (!length) {
    // Nobody can tell whether such a body is whole (RFC 9112, 6.3): good for the text of an error, and for no data.
    if (reply_->status < 300) return bad_reply("does not say how long its body is");
    to_end_ = true;
    reply_->keep_alive = false;
    return used;
  }
  missing_ = reply_->content_length;
  target_ = place_->place_body(*reply_, missing_);
  if (target_ == nullptr && missing_ > static_cast<std::int64_t>(k_text_max)) return bad_reply("is too long");
  return used;
}

Result<std::size_t> HttpReplyReader::feed_chunks(std::string_view bytes) {
  const std::size_t before = reply_->text.size();
  SHOAL_ASSIGN_OR_RETURN(const std::size_t used, chunks_.feed(bytes, reply_->text, k_text_max));
  reply_->body_size += static_cast<std::int64_t>(reply_->text.size() - before);
  done_ = chunks_.done();
  return used;
}

Result<std::size_t> HttpReplyReader::feed_to_end(std::string_view bytes) {
  if (bytes.size() > k_text_max - reply_->text.size()) return bad_reply("is too long");
  reply_->text.append(bytes);
  reply_->body_size += static_cast<std::int64_t>(bytes.size());
  return bytes.size();
}

bool HttpReplyReader::end() {
  done_ = done_ || to_end_;
  return done_;
}

std::size_t HttpReplyReader::feed_sized(std::string_view bytes) {
  const std::size_t n = std::min(bytes.size(), static_cast<std::size_t>(missing_));
  if (target_ != nullptr) {
    std::memcpy(target_, bytes.data(), n);
  } else {
    reply_->text.append(bytes.data(), n);
  }
  received(n);
  return n;
}

std::span<std::uint8_t> HttpReplyReader::rest() {
  if (done_ || target_ == nullptr || missing_ <= 0) return {};
  return {target_, static_cast<std::size_t>(missing_)};
}

void HttpReplyReader::received(std::size_t n) {
  if (target_ != nullptr) target_ += n;
  missing_ -= static_cast<std::int64_t>(n);
  reply_->body_size += static_cast<std::int64_t>(n);
  done_ = missing_ == 0;
}

}  // namespace shoal::data
