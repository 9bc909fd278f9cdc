#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "data/io/http_chunks.h"

namespace shoal::data {

/// What a server answered: the parts of it that an object store's client looks at. Header values are untrusted.
struct HttpReply {
  int status = 0;
  bool keep_alive = false;
  std::int64_t content_length = -1;  ///< Of the body as announced; -1 = it came in chunks, or up to the end.
  std::string etag;                  ///< Without quotes.
  std::string content_range;
  std::string last_modified;
  std::string location;
  std::string retry_after;
  std::string request_id;      ///< x-amz-request-id
  std::string bucket_region;   ///< x-amz-bucket-region
  std::string text;            ///< The body, where nobody gave a place for it.
  std::int64_t body_size = 0;  ///< Bytes of the body that arrived.

  void clear();
};

/// Decides where the body of a reply goes, once its head is known.
class HttpBodyPlace {
 public:
  virtual ~HttpBodyPlace() = default;
  /// Memory for exactly `length` bytes, which lives until the reply is complete; null = into `reply.text`.
  virtual std::uint8_t* place_body(const HttpReply& reply, std::int64_t length) = 0;
};

/// Reads one HTTP/1.1 reply from bytes as they come: no I/O, no thread. The head is Beast's to parse.
/// Limits: 32 KiB of head, `k_text_max` of body that goes into `text`.
/// Use: start(), then feed() until done(). Bodies with a known length and place may go straight to `rest()`.
class HttpReplyReader {
 public:
  static constexpr std::size_t k_head_bytes_max = 32 * 1024;
  static constexpr std::size_t k_text_max = 16 * 1024 * 1024;  ///< A LIST page of 1,000 longest keys has 3.5 MiB.

  HttpReplyReader();
  ~HttpReplyReader();
  HttpReplyReader(const HttpReplyReader&) = delete;
  HttpReplyReader& operator=(const HttpReplyReader&) = delete;

  /// Begins a reply. `reply` and `place` outlive it. `to_head`: the request was HEAD, so no body follows.
  void start(HttpReply& reply, HttpBodyPlace& place, bool to_head);
  /// Takes bytes; returns how many were used. While the head is not complete it may use none and wants to see the
  /// same bytes again with more behind them. Errors: corrupt_data (not HTTP, or over a limit).
  Result<std::size_t> feed(std::string_view bytes);
  /// The connection ended. True where that ends the reply, which is done() then: that of an old proxy, with an error
  /// and without a length.
  bool end();
  /// Where the rest of the body goes, empty where that is not known; then received(n) says n bytes were put there.
  std::span<std::uint8_t> rest();
  void received(std::size_t n);

  bool started() const { return any_; }  ///< A first byte has been seen.
  bool done() const { return done_; }
  std::int64_t missing() const { return missing_; }  ///< Bytes of the body to come; -1 = not known.

 private:
  class Parser;
  Result<std::size_t> feed_head(std::string_view bytes);
  Result<std::size_t> feed_chunks(std::string_view bytes);
  Result<std::size_t> feed_to_end(std::string_view bytes);
  std::size_t feed_sized(std::string_view bytes);

  std::unique_ptr<Parser> parser_;
  HttpChunkDecoder chunks_;
  HttpReply* reply_ = nullptr;
  HttpBodyPlace* place_ = nullptr;
  std::uint8_t* target_ = nullptr;
  std::int64_t missing_ = -1;
  bool to_head_ = false;
  bool head_done_ = false;
  bool to_end_ = false;  // the body goes on until the connection ends
  bool any_ = false;
  bool done_ = false;
};

}  // namespace shoal::data
