#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "data/io/aws_config.h"
#include "data/io/sigv4.h"

namespace shoal::data {

/// As whom a client's requests are signed, or that they are not. Credentials that the store no longer takes are looked
/// up once more where they came from, since whoever refreshes them there does not tell us. The loop's thread only.
class S3Identity {
 public:
  explicit S3Identity(const AwsConfig& config);

  /// Appends the headers that say who asks.
  void sign(const SigV4Request& request, std::string& out);
  /// Changes with the credentials: tells which ones a request was signed with.
  int version() const { return version_; }
  /// True where a request that was signed as `version` and refused should be sent again, with other credentials.
  bool renew(int version);
  /// True where a server's text repeats one of the credentials.
  bool leaks(std::string_view text) const;
  /// For errors; empty = not signed.
  const std::string& source() const { return source_; }

 private:
  void take(const AwsConfig& config);

  const std::function<Result<AwsConfig>()> resolve_again_;
  std::optional<AwsCredentials> credentials_;
  std::string source_;
  std::unique_ptr<SigV4Signer> signer_;
  int version_ = 0;
};

}  // namespace shoal::data
