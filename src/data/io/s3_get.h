#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "data/io/s3_client.h"

namespace shoal::data {

/// Objects up to this size are one request; larger ones are read in parts of this size at once.
inline constexpr std::int64_t k_s3_part_bytes = 8 * 1024 * 1024;

/// What one GET gave.
struct S3GetResult {
  Status error;
  Bytes bytes;
  std::string etag;
  std::int64_t total = -1;  ///< Size of the whole object.
};

/// Takes the results of GETs, on the loop's thread.
class S3GetSink {
 public:
  virtual ~S3GetSink() = default;
  virtual void on_get(std::size_t index, S3GetResult result) = 0;
};

/// One GET: of a whole object, or of a range of it.
struct S3GetSpec {
  std::string bucket;
  std::string key;
  std::int64_t offset = 0;
  std::int64_t length = -1;                ///< -1 = the whole object, without a Range header.
  std::string etag;                        ///< If-Match; empty = any.
  std::shared_ptr<std::uint8_t[]> into{};  ///< Taken if the body has `into_bytes`, or less of a range; null = its own.
  std::int64_t into_bytes = 0;
  std::uint64_t queue_order = 0;  ///< As in S3Request.
};

/// Fetches exactly what was asked for: the reply's status, range, length and ETag are checked, a body that was cut is
/// asked for again, and a range behind the object's end is empty.
class S3Get final : public S3Call {
 public:
  /// `sink` gets the result as number `index`.
  S3Get(S3Client& client, S3GetSpec spec, std::shared_ptr<S3GetSink> sink, std::size_t index);

  std::uint8_t* place_body(const HttpReply& reply, std::int64_t length) override;

 private:
  void on_done(HttpReply& reply) override;
  void on_failed(const S3Fault& fault, Status error) override;
  std::optional<S3Fault> check(const HttpReply& reply) override;

  const std::int64_t offset_;
  const std::int64_t length_;
  const std::string etag_;
  const std::shared_ptr<std::uint8_t[]> into_;
  const std::int64_t into_bytes_;
  const std::shared_ptr<S3GetSink> sink_;
  const std::size_t index_;
  std::shared_ptr<std::uint8_t[]> memory_;  // where the body goes: into_, or its own
};

/// "bytes 0-9/100": first, last and total. False where it is none.
bool parse_content_range(std::string_view text, std::int64_t& first, std::int64_t& last, std::int64_t& total);

}  // namespace shoal::data
