#pragma once

#include <functional>
#include <optional>
#include <string>

#include <shoal/data/options.h>

#include "base/secret.h"
#include "base/status.h"
#include "data/io/http_origin.h"

namespace shoal::data {

struct AwsCredentials {
  std::string access_key;
  Secret secret_key;
  Secret session_token;  ///< Empty for keys that do not expire.
  friend bool operator==(const AwsCredentials&, const AwsCredentials&) = default;
};

/// Everything a client of one S3 endpoint needs to know, resolved. Holds secrets: not printable.
struct AwsConfig {
  HttpOrigin endpoint;
  bool custom_endpoint = false;  ///< Not Amazon's own: hosts do not follow from regions.
  std::string region;
  std::optional<AwsCredentials> credentials;  ///< None = requests are not signed.
  std::string credentials_source;  ///< For errors: "options", "environment", "profile dev of ~/.aws/credentials".
  bool path_style = false;
  std::string ca_file;
  int connections_max = 256;
  double deadline_s = 60;
  /// Reads everything once more: a file may hold newer credentials. Any thread. Not set for a config that is made by hand.
  std::function<Result<AwsConfig>()> resolve_again{};
};

/// Where settings come from besides the options; tests give their own.
struct AwsEnvironment {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<Result<std::string>(const std::string& path)> file;  ///< not_found where there is none.
};
AwsEnvironment process_aws_environment();

/// Options first, then AWS_* variables, then the shared files; as Amazon's own tools do it, a profile that is named
/// in the options goes before variables. Errors: permission_denied (no credentials: says where it looked),
/// unsupported (a source of credentials that is not built yet, by name), not_found (a profile that does not exist),
/// corrupt_data (a shared file), invalid_argument (an option).
Result<AwsConfig> resolve_aws_config(const StorageOptions& options, const AwsEnvironment& environment);

/// The variable by which other tools would send requests to the endpoint through a proxy, which this client does not
/// do; none where there is no such variable, or NO_PROXY names the host.
std::optional<std::string> ignored_proxy(const HttpOrigin& endpoint, const AwsEnvironment& environment);

/// "s3.eu-west-1.amazonaws.com" and its like for China. Precondition: is_aws_region(region).
std::string amazon_host(const std::string& region);
/// Lower-case letters, digits and dashes only: safe inside a host name.
bool is_aws_region(const std::string& region);

}  // namespace shoal::data
