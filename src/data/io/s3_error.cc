#include "data/io/s3_error.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/console.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_printable_bytes_max = 1024;

struct Meaning {
  std::string_view code;  // the store's
  ErrorCode error;
  std::string_view remedy;
};

// The codes that deserve words of their own; the others follow from the HTTP status.
constexpr std::string_view k_renew =
    "the session token has expired; get new credentials: the shared AWS files are read again by themselves, for all other "
    "sources start again";
constexpr std::array k_meanings = {
    Meaning{"InvalidAccessKeyId", ErrorCode::permission_denied, "the store does not know the access key; check it"},
    Meaning{"SignatureDoesNotMatch", ErrorCode::permission_denied,
            "the secret key does not belong to the access key; check it"},
    Meaning{"AccessDenied", ErrorCode::permission_denied,
            "the keys are valid but may not do this; ask for the permission on the bucket"},
    Meaning{"AllAccessDisabled", ErrorCode::permission_denied, "the bucket's owner has locked it"},
    Meaning{"ExpiredToken", ErrorCode::permission_denied, k_renew},
    Meaning{"InvalidToken", ErrorCode::permission_denied, "the session token is not valid; get new credentials"},
    Meaning{"InvalidTokenId", ErrorCode::permission_denied, "the session token is not valid; get new credentials"},
    Meaning{"RequestTimeTooSkewed", ErrorCode::permission_denied, "this machine's clock is wrong; set it"},
    Meaning{"NoSuchBucket", ErrorCode::not_found, "the bucket does not exist; check its name or create it"},
    Meaning{"NoSuchKey", ErrorCode::not_found, "the object does not exist; check the key"},
    Meaning{"NoSuchUpload", ErrorCode::not_found, "the upload was aborted or has expired; write the object again"},
    Meaning{"BucketNotEmpty", ErrorCode::already_exists, "remove the bucket's objects first"},
    Meaning{"BucketAlreadyExists", ErrorCode::already_exists, "the name belongs to someone else; choose another"},
    Meaning{"InvalidBucketName", ErrorCode::invalid_argument, "3 to 63 lower-case letters, digits, dashes and dots"},
    Meaning{"PreconditionFailed", ErrorCode::changed, "the object changed meanwhile; list it again"},
    Meaning{"EntityTooLarge", ErrorCode::invalid_argument, "the object is larger than the store takes"},
    Meaning{"XMinioStorageFull", ErrorCode::no_space, "the store's disk is full; free some space"},
    Meaning{"QuotaExceeded", ErrorCode::no_space, "the store's quota is used up"},
    Meaning{"KeyTooLongError", ErrorCode::invalid_argument, "a key has at most 1,024 bytes"},
    Meaning{"XMinioInvalidObjectName", ErrorCode::invalid_argument, "the store does not take this key"},
};

const Meaning* meaning_of(std::string_view code) {
  const auto found = std::find_if(k_meanings.begin(), k_meanings.end(),
                                  [&](const Meaning& meaning) { return meaning.code == code; });
  return found == k_meanings.end() ? nullptr : &*found;
}

Meaning meaning_of_status(int status) {
  switch (status) {
    case 400: return {"", ErrorCode::invalid_argument, "the store refused the request as it is"};
    case 401:
    case 403: return {"", ErrorCode::permission_denied, "check the keys and what they may do on the bucket"};
    case 404: return {"", ErrorCode::not_found, "check bucket and key"};
    case 409: return {"", ErrorCode::unavailable, "another operation on it is under way; try again"};
    case 412: return {"", ErrorCode::changed, "the object changed meanwhile; list it again"};
    case 429:
    case 503: return {"", ErrorCode::throttled, "the store asks to slow down; use fewer connections or try later"};
    case 507: return {"", ErrorCode::no_space, "the store is full"};
    default: break;
  }
  if (status / 100 == 3) {
    return {"", ErrorCode::invalid_argument, "the store sends this request elsewhere; set endpoint and region"};
  }
  if (status / 100 == 5) return {"", ErrorCode::unavailable, "the store has a fault; try later"};
  return {"", ErrorCode::io, "an unexpected answer"};
}

Meaning meaning_without_reply(HttpFault fault) {
  switch (fault) {
    case HttpFault::resolve: return {"", ErrorCode::unavailable, "check the endpoint's name and the network"};
    case HttpFault::connect: return {"", ErrorCode::unavailable, "check that the store runs and the endpoint is right"};
    case HttpFault::tls:
      return {"", ErrorCode::permission_denied, "set ca_file or AWS_CA_BUNDLE if the store has its own certificate"};
    case HttpFault::protocol: return {"", ErrorCode::corrupt_data, "check that the endpoint is an S3 store"};
    case HttpFault::cancelled: return {"", ErrorCode::cancelled, "the client stopped"};
    default: return {"", ErrorCode::unavailable, "check the network and the store, then try again"};
  }
}

std::string_view remedy_of(ErrorCode verdict) {
  switch (verdict) {
    case ErrorCode::changed: return "the object changed meanwhile; list it again";
    case ErrorCode::out_of_memory: return "read it in ranges";
    default: return "check that the endpoint is an S3 store";
  }
}

bool is_throttle(std::string_view code) {
  return code == "SlowDown" || code == "Throttling" || code == "ThrottlingException" || code == "TooManyRequests" ||
         code == "RequestLimitExceeded" || code == "BandwidthLimitExceeded" || code == "SlowDownRead" ||
         code == "SlowDownWrite";
}

std::string joined_cause(const S3Fault& fault) {
  if (fault.status == 0) return fault.text;
  std::string cause = "HTTP " + std::to_string(fault.status);
  if (!fault.body.code.empty()) cause += " " + printable(fault.body.code);
  if (!fault.body.request_id.empty()) cause += " (request id " + printable(fault.body.request_id) + ")";
  if (!fault.body.message.empty()) cause += ": " + printable(fault.body.message);
  if (!fault.text.empty()) cause += ": " + fault.text;
  return cause;
}

/// What the answer means for a request of this place: whether it was signed, and how little a HEAD is told.
Meaning meaning_of(const S3ErrorPlace& place, const S3Fault& fault) {
  if (fault.verdict) return {"", *fault.verdict, remedy_of(*fault.verdict)};
  if (fault.status == 0) return meaning_without_reply(fault.fault);
  const bool is_signed = !place.credentials_source.empty();
  const Meaning* known = meaning_of(fault.body.code);
  Meaning meaning = known != nullptr ? *known : meaning_of_status(fault.status);
  if (is_throttle(fault.body.code)) meaning.error = ErrorCode::throttled;
  const bool is_denied = fault.body.code == "AccessDenied" || (known == nullptr && fault.status == 403);
  if (is_denied && !is_signed) {
    meaning.remedy = "without keys (anonymous = true) this is not allowed; give keys, or ask for public access";
  }
  if (known == nullptr && fault.status == 400 && place.operation == "HEAD" && is_signed) {
    meaning.remedy =
        "the answer to a HEAD says no more; often a session token has expired or the region is wrong: get "
        "new credentials, check the region";
  }
  return meaning;
}

}  // namespace

std::string printable(std::string_view text) {
  if (text.size() <= k_printable_bytes_max) return as_one_line(text);
  std::size_t end = k_printable_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not inside a character
  return as_one_line(text.substr(0, end)) + "...";
}

S3Fault fault_of(const HttpReply& reply) {
  S3Fault fault;
  fault.status = reply.status;
  if (!reply.text.empty()) parse_s3_error(reply.text, fault.body);
  if (fault.body.request_id.empty()) fault.body.request_id = reply.request_id;
  if (fault.body.region.empty()) fault.body.region = reply.bucket_region;
  return fault;
}

bool is_about_credentials(const S3Fault& fault) {
  const std::string& code = fault.body.code;
  if (code.empty()) return fault.status == 400 || fault.status == 401 || fault.status == 403;
  return code == "ExpiredToken" || code == "InvalidToken" || code == "InvalidTokenId" || code == "InvalidAccessKeyId" ||
         code == "SignatureDoesNotMatch";
}

S3Trouble trouble_of(const S3Fault& fault) {
  if (fault.verdict) return S3Trouble::final;
  if (fault.status == 0) {
    switch (fault.fault) {
      case HttpFault::resolve:
      case HttpFault::connect: return S3Trouble::unreachable;
      case HttpFault::stale: return S3Trouble::stale;
      case HttpFault::reset:
      case HttpFault::silent: return S3Trouble::broken;
      default: return S3Trouble::final;
    }
  }
  if (fault.status == 507 || fault.body.code == "XMinioStorageFull") return S3Trouble::final;
  if (fault.status == 429 || fault.status == 503 || is_throttle(fault.body.code)) return S3Trouble::throttled;
  if (fault.status == 500 || fault.status == 502 || fault.status == 504 || fault.status == 408 ||
      fault.body.code == "RequestTimeout" || fault.body.code == "InternalError" ||
      fault.body.code == "OperationAborted") {
    return S3Trouble::failing;
  }
  return S3Trouble::final;
}

Status s3_error(const S3ErrorPlace& place, const S3Fault& fault) {
  const Meaning meaning = meaning_of(place, fault);
  std::string text = place.uri + ": " + place.operation + " at " + place.endpoint + " failed";
  if (place.attempts > 1) text += " after " + std::to_string(place.attempts) + " attempts";
  text += ": " + joined_cause(fault) + "; " + std::string(meaning.remedy);
  const bool about_credentials = meaning.error == ErrorCode::permission_denied || fault.status == 400;
  if (about_credentials && !place.credentials_source.empty()) {
    text += " (credentials from " + place.credentials_source + ")";
  }
  return Status(meaning.error, std::move(text));
}

}  // namespace shoal::data
