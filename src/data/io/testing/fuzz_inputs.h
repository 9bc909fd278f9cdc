#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "data/io/aws_config.h"
#include "data/io/aws_profile.h"
#include "data/io/http_reply.h"
#include "data/io/s3_error.h"
#include "data/io/s3_get.h"
#include "data/io/s3_xml.h"

// What the fuzz targets of S3's bytes do with one input; unit tests do the same with the corpora. Each aborts where a
// promise about hostile bytes is broken.
namespace shoal::data {

/// Puts bodies into memory of exactly the announced size, as object reads do.
class FuzzBodyPlace final : public HttpBodyPlace {
 public:
  std::uint8_t* place_body(const HttpReply& reply, std::int64_t length) override {
    if (reply.status >= 300 || length > 64 * 1024) return nullptr;
    memory_.resize(static_cast<std::size_t>(length));
    return memory_.data();
  }

 private:
  std::vector<std::uint8_t> memory_;
};

/// A reply, whole and cut into pieces; both ways must give the same. The first byte chooses pieces and method.
inline void fuzz_http_reply(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<std::uint8_t>(input.front());
  input.remove_prefix(1);
  const std::size_t piece = 1 + (choice & 63);
  const bool to_head = (choice & 64) != 0;
  FuzzBodyPlace place;
  HttpReply whole, pieces;
  HttpReplyReader reader;
  reader.start(whole, place, to_head);
  const Result<std::size_t> used = reader.feed(input);
  const bool whole_done = used.ok() && reader.end();

  HttpReplyReader slow;
  slow.start(pieces, place, to_head);
  std::string pending;
  bool failed = false;
  for (std::size_t at = 0; at < input.size() && !slow.done() && !failed; at += piece) {
    pending += input.substr(at, piece);
    const Result<std::size_t> n = slow.feed(pending);
    failed = !n.ok();
    if (!failed) pending.erase(0, *n);
  }
  if (whole_done != (!failed && slow.end())) std::abort();
  if (whole_done && (whole.status != pieces.status || whole.text != pieces.text || whole.etag != pieces.etag ||
                     whole.body_size != pieces.body_size)) {
    std::abort();
  }
  std::int64_t first = 0, last = 0, total = 0;
  if (parse_content_range(whole.content_range, first, last, total) && (first < 0 || last < first || total <= last)) {
    std::abort();
  }
  if (s3_error({"s3://b/k", "GET", "http://h", "", 1}, fault_of(whole)).ok()) std::abort();
}

/// Any XML as each of the answers that the client reads.
inline void fuzz_s3_xml(std::string_view input) {
  const Result<S3ListPage> page = parse_list_page(input, "a/");
  if (page.ok()) {
    for (const ObjectInfo& entry : page->entries) {
      if (!entry.key.starts_with("a/") || entry.size < 0) std::abort();
    }
  }
  const Result<std::string> id = parse_upload_id(input);
  if (id.ok() && id->empty()) std::abort();
  const Result<std::string> etag = parse_completed_etag(input);
  S3ErrorBody error;
  if (parse_s3_error(input, error) && (page.ok() || id.ok() || etag.ok())) std::abort();
  if (printable(error.message).find('\n') != std::string::npos) std::abort();
  const std::string xml = complete_upload_xml({{1, std::string(input)}});
  if (std::count(xml.begin(), xml.end(), '<') != 8) std::abort();
  parse_iso_time_us(input);
  parse_http_time_us(std::string(input));
}

/// A shared file as both of the files, for two profiles.
inline void fuzz_aws_config(std::string_view input) {
  AwsEnvironment environment;
  environment.variable = [](const std::string&) { return std::optional<std::string>(); };
  environment.file = [input](const std::string&) { return Result<std::string>(std::string(input)); };
  for (const char* profile : {"", "dev"}) {
    StorageOptions options;
    options.profile = profile;
    const Result<AwsConfig> config = resolve_aws_config(options, environment);
    if (!config.ok()) continue;
    if (!config->credentials || !is_aws_region(config->region)) std::abort();
    if (config->credentials->access_key.find_first_of("\r\n ") != std::string::npos) std::abort();
    if (config->endpoint.authority().find_first_of("/\r\n ") != std::string::npos) std::abort();
  }
}

}  // namespace shoal::data
