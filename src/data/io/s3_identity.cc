#include "data/io/s3_identity.h"

#include <ctime>

#include <shoal/base/log.h>

namespace shoal::data {

S3Identity::S3Identity(const AwsConfig& config) : resolve_again_(config.resolve_again) { take(config); }

void S3Identity::take(const AwsConfig& config) {
  credentials_ = config.credentials;
  source_ = config.credentials_source;
  if (!credentials_) return;
  signer_ = std::make_unique<SigV4Signer>(credentials_->access_key, credentials_->secret_key,
                                          credentials_->session_token);
}

void S3Identity::sign(const SigV4Request& request, std::string& out) {
  if (signer_ != nullptr) return signer_->sign(request, std::time(nullptr), out);
  out.append("host: ").append(request.host).append("\r\n");
}

bool S3Identity::renew(int version) {
  if (version != version_) return true;  // another request's refusal brought new ones already
  if (resolve_again_ == nullptr || !credentials_) return false;
  const Result<AwsConfig> config = resolve_again_();
  if (!config.ok() || !config->credentials || *config->credentials == *credentials_) return false;
  take(*config);
  ++version_;
  log::info("S3: the store refused the credentials; new ones were read from {}", source_);
  return true;
}

bool S3Identity::leaks(std::string_view text) const {
  if (!credentials_) return false;
  const auto repeats = [&](std::string_view secret) {
    return !secret.empty() && text.find(secret) != std::string_view::npos;
  };
  return repeats(credentials_->secret_key.reveal()) || repeats(credentials_->session_token.reveal()) ||
         repeats(credentials_->access_key);
}

}  // namespace shoal::data
