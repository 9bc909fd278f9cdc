#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <shoal/data/storage.h>

#include "base/status.h"

namespace shoal::data {

/// One page of ListObjectsV2. Entries in order of the keys' bytes; `uri` of them is not set.
struct S3ListPage {
  std::vector<ObjectInfo> entries;
  std::string next_token;  ///< Empty on the last page.
};

/// An <Error> body. Every text is untrusted.
struct S3ErrorBody {
  std::string code;
  std::string message;
  std::string region;
  std::string request_id;
};

/// All errors: corrupt_data. Documents are untrusted: no entities but the built-in, nothing external.
/// A page is refused where a key does not begin with `prefix`, or where it claims more pages without a way on.
Result<S3ListPage> parse_list_page(std::string_view xml, std::string_view prefix);
/// The UploadId of InitiateMultipartUploadResult.
Result<std::string> parse_upload_id(std::string_view xml);
/// Success only where the root says that the upload was completed: a 200 may carry an error.
Result<std::string> parse_completed_etag(std::string_view xml);
/// True where the document is an <Error>; fills `error`.
bool parse_s3_error(std::string_view xml, S3ErrorBody& error);

struct S3Part {
  int number = 0;
  std::string etag;
};
std::string complete_upload_xml(const std::vector<S3Part>& parts);
/// Body of CreateBucket; empty for the region that has none.
std::string create_bucket_xml(const std::string& region);

/// "2026-11-22T05:36:00.123Z" in microseconds since the epoch; 0 where it is none.
std::int64_t parse_iso_time_us(std::string_view text);
/// "Sun, 22 Nov 2026 05:36:00 GMT" likewise.
std::int64_t parse_http_time_us(const std::string& text);

}  // namespace shoal::data
