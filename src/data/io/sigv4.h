#pragma once

#include <array>
#include <cstdint>
#include <ctime>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/secret.h"

namespace shoal::data {

using Sha256 = std::array<std::uint8_t, 32>;

/// SHA-256 and HMAC with one context that is used again and again. One thread at a time.
class Sha256Engine {
 public:
  Sha256Engine();
  ~Sha256Engine();
  Sha256Engine(const Sha256Engine&) = delete;
  Sha256Engine& operator=(const Sha256Engine&) = delete;

  Sha256 hash(std::string_view bytes);
  Sha256 hmac(std::span<const std::uint8_t> key, std::string_view text);

 private:
  Sha256 hash_two(std::span<const std::uint8_t> first, std::string_view second);
  struct State;
  std::unique_ptr<State> state_;
};

/// Lower-case hexadecimal SHA-256; for bodies.
std::string sha256_hex(std::span<const std::uint8_t> bytes);
/// The hash of an empty body.
inline constexpr std::string_view k_empty_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What Amazon's Signature Version 4 covers of a request. All views; `path` and `query` are escaped already, the
/// query's parts sorted by name and each with '='.
struct SigV4Request {
  std::string_view method;
  std::string_view path;
  std::string_view query;
  std::string_view host;
  std::string_view region;
  std::string_view body_sha256 = k_empty_sha256;
  /// Further headers to sign: lower-case names, trimmed values. The signer appends them too.
  std::span<const std::pair<std::string_view, std::string_view>> headers{};
};

/// Signs requests by header, for one set of credentials. Keys are derived once per day, region and service. One
/// thread at a time. Source: the "Signature Version 4" pages of Amazon's S3 API reference; tests hold its vectors.
class SigV4Signer {
 public:
  SigV4Signer(std::string access_key, Secret secret_key, Secret session_token, std::string service = "s3");

  /// Appends host, x-amz-content-sha256, x-amz-date, the token and Authorization, each with its line end.
  void sign(const SigV4Request& request, std::time_t now, std::string& out);

 private:
  struct DerivedKey {
    std::string day;
    Sha256 key{};
  };
  const Sha256& signing_key(std::string_view region);
  void set_time(std::time_t now);

  const std::string access_key_;
  const Secret secret_key_;
  const Secret session_token_;
  const std::string service_;
  Sha256Engine engine_;
  std::time_t time_ = -1;
  std::string stamp_;                                    // 20130524T000000Z
  std::map<std::string, DerivedKey, std::less<>> keys_;  // by region
  std::string canonical_;
  std::string to_sign_;
};

/// The key that signs one day's requests in one region. `day` is YYYYMMDD.
Sha256 sigv4_signing_key(Sha256Engine& engine, std::string_view secret_key, std::string_view day,
                         std::string_view region, std::string_view service);

}  // namespace shoal::data
