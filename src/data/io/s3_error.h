#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "data/io/http_exchange.h"
#include "data/io/http_reply.h"
#include "data/io/s3_retry.h"
#include "data/io/s3_xml.h"

namespace shoal::data {

/// How an attempt failed: by a reply with an error, or without a reply.
struct S3Fault {
  int status = 0;                      ///< HTTP status; 0 = no reply.
  S3ErrorBody body;                    ///< The store's own words; untrusted.
  HttpFault fault = HttpFault::reset;  ///< Where there was no reply.
  std::string text;                    ///< Cause, where there was no reply or no error body.
  std::optional<ErrorCode> verdict{};  ///< What it is, where status and code do not tell; never tried again.
};

/// What every error of one request names.
struct S3ErrorPlace {
  std::string uri;        ///< s3://bucket/key
  std::string operation;  ///< "GET", "LIST"
  std::string endpoint;
  std::string credentials_source;  ///< Empty = the request was not signed.
  int attempts = 1;
};

/// Reads an error reply: its body, or for HEAD its status and headers alone.
S3Fault fault_of(const HttpReply& reply);
/// Whether other credentials may help: they expired or are not known, or a HEAD was refused, which says no more.
bool is_about_credentials(const S3Fault& fault);
/// What trying again may do about it.
S3Trouble trouble_of(const S3Fault& fault);
/// The error for the caller: place, status, code and request id, cause, remedy.
Status s3_error(const S3ErrorPlace& place, const S3Fault& fault);
/// A text of the server's, or a key, made harmless for logs and terminals: on one line, without control characters.
/// What is longer than a key may be, 1,024 bytes, ends in "...".
std::string printable(std::string_view text);

}  // namespace shoal::data
