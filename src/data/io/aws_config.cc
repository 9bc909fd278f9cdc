#include "data/io/aws_config.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "data/io/aws_profile.h"
#include "data/io/posix_file.h"

namespace shoal::data {
namespace {

using Text = std::optional<std::string>;

/// The chain of places a setting may come from, for one profile.
class Settings {
 public:
  Settings(const StorageOptions& options, const AwsEnvironment& environment)
      : options_(options), environment_(environment) {}

  Status load() {
    profile_ = !options_.profile.empty() ? options_.profile : variable({"AWS_PROFILE"}).value_or("default");
    SHOAL_RETURN_IF_ERROR(load_file("AWS_CONFIG_FILE", "config", config_path_, config_));
    SHOAL_RETURN_IF_ERROR(load_file("AWS_SHARED_CREDENTIALS_FILE", "credentials", credentials_path_, secrets_));
    const bool named = !options_.profile.empty() || variable({"AWS_PROFILE"}).has_value();
    if (named && section(config_, config_name()) == nullptr && section(secrets_, profile_) == nullptr) {
      return Status(ErrorCode::not_found, "the AWS profile \"" + profile_ + "\" is neither in " + config_path_ +
                                              " nor in " + credentials_path_ + "; check AWS_PROFILE and the files" +
                                              unreadable_);
    }
    return Status();
  }

  Text variable(std::initializer_list<const char*> names) const {
    for (const char* name : names) {
      Text value = environment_.variable(name);
      if (value && !value->empty()) return value;
    }
    return std::nullopt;
  }

  /// A setting of the profile, config file first.
  Text of_profile(std::string_view name) const {
    for (const AwsSection* from : {section(config_, config_name()), section(secrets_, profile_)}) {
      if (Text value = in(from, name)) return value;
    }
    return std::nullopt;
  }

  /// Credentials of the profile: the credentials file goes first. `source` says which file.
  std::optional<AwsCredentials> keys_of_profile(std::string& source) const {
    const std::pair<const AwsSection*, const std::string*> places[] = {
        {section(secrets_, profile_), &credentials_path_}, {section(config_, config_name()), &config_path_}};
    for (const auto& [from, path] : places) {
      Text access = in(from, "aws_access_key_id");
      Text secret = in(from, "aws_secret_access_key");
      if (!access || !secret) continue;
      source = "profile " + profile_ + " of " + *path;
      return AwsCredentials{*access, Secret(*secret), Secret(in(from, "aws_session_token").value_or(""))};
    }
    return std::nullopt;
  }

  /// endpoint_url of the services section that the profile names, or of the profile.
  Text endpoint_of_profile() const {
    if (const Text services = of_profile("services")) {
      if (Text url = in(section(config_, "services " + *services), "s3.endpoint_url")) return url;
    }
    return of_profile("endpoint_url");
  }

  const std::string& profile() const { return profile_; }
  /// " (cannot read PATH: ...)" of the files that exist and could not be read: no error where what they say is given
  /// elsewhere.
  const std::string& unreadable() const { return unreadable_; }
  const std::string& config_path() const { return config_path_; }
  const std::string& credentials_path() const { return credentials_path_; }

 private:
  Status load_file(const char* variable_name, const char* name, std::string& path, AwsSections& sections) {
    path = variable({variable_name}).value_or(variable({"HOME"}).value_or("~") + "/.aws/" + name);
    const Result<std::string> text = environment_.file(path);
    if (!text.ok()) {
      if (text.status().code() != ErrorCode::not_found) unreadable_ += " (" + text.status().text() + ")";
      return Status();
    }
    Result<AwsSections> parsed = parse_aws_file(*text);
    if (!parsed.ok()) return parsed.status().with_context(path);
    sections = std::move(parsed).value();
    return Status();
  }

  std::string config_name() const { return profile_ == "default" ? profile_ : "profile " + profile_; }

  static const AwsSection* section(const AwsSections& sections, const std::string& name) {
    const auto found = sections.find(name);
    return found == sections.end() ? nullptr : &found->second;
  }

  static Text in(const AwsSection* from, std::string_view name) {
    if (from == nullptr) return std::nullopt;
    const auto found = from->find(name);
    return found == from->end() || found->second.empty() ? Text() : Text(found->second);
  }

  const StorageOptions& options_;
  const AwsEnvironment& environment_;
  std::string profile_, config_path_, credentials_path_, unreadable_;
  AwsSections config_, secrets_;
};

Status unsupported_source(const std::string& what) {
  return Status(ErrorCode::unsupported,
                "credentials for S3 come from " + what +
                    ", which is not supported yet; put keys into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and "
                    "AWS_SESSION_TOKEN), for example with `aws configure export-credentials --format env`");
}

/// Names the first source that other tools would use and we cannot; ok where there is none.
Status name_unsupported(const Settings& settings) {
  static constexpr std::pair<const char*, const char*> k_settings[] = {
      {"sso_session", "single sign-on (sso_session)"},
      {"sso_start_url", "single sign-on (sso_start_url)"},
      {"role_arn", "an assumed role (role_arn)"},
      {"credential_process", "a program (credential_process)"},
      {"web_identity_token_file", "web identity (web_identity_token_file)"},
      {"login_session", "`aws login`"}};
  for (const auto& [name, what] : k_settings) {
    if (settings.of_profile(name)) {
      return unsupported_source(std::string(what) + " of profile " + settings.profile());
    }
  }
  if (settings.variable({"AWS_WEB_IDENTITY_TOKEN_FILE"})) {
    return unsupported_source("web identity (AWS_WEB_IDENTITY_TOKEN_FILE)");
  }
  if (settings.variable({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"})) {
    return unsupported_source("the container's service (AWS_CONTAINER_CREDENTIALS_*)");
  }
  return Status();
}

Status resolve_credentials(const StorageOptions& options, const Settings& settings, AwsConfig& config) {
  if (options.anonymous) return Status();
  if (options.access_key.empty() != options.secret_key.empty()) {
    return Status(ErrorCode::invalid_argument, "access_key and secret_key are given together or not at all");
  }
  if (!options.access_key.empty()) {
    config.credentials = AwsCredentials{options.access_key, Secret(options.secret_key), Secret(options.session_token)};
    config.credentials_source = "options";
    return Status();
  }
  const Text access = settings.variable({"AWS_ACCESS_KEY_ID"});
  const Text secret = settings.variable({"AWS_SECRET_ACCESS_KEY"});
  if (access && secret && options.profile.empty()) {
    config.credentials = AwsCredentials{*access, Secret(*secret),
                                        Secret(settings.variable({"AWS_SESSION_TOKEN"}).value_or(""))};
    config.credentials_source = "environment";
    return Status();
  }
  // Keys beside a role are the identity that takes the role on, and not the one to send requests as.
  if (settings.of_profile("role_arn")) return name_unsupported(settings);
  config.credentials = settings.keys_of_profile(config.credentials_source);
  if (config.credentials) return Status();
  SHOAL_RETURN_IF_ERROR(name_unsupported(settings));
  return Status(ErrorCode::permission_denied,
                "no credentials for S3: not in the options, not in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, not in "
                "profile \"" +
                    settings.profile() + "\" of " + settings.credentials_path() + " or " + settings.config_path() +
                    " (an instance's metadata service is not supported yet); set one of "
                    "them, or anonymous = true for public data" +
                    settings.unreadable());
}

Status resolve_endpoint(const StorageOptions& options, const Settings& settings, AwsConfig& config) {
  Text url;
  if (!options.endpoint.empty()) {
    url = options.endpoint;
  } else if (settings.variable({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}).value_or("false") != "true") {
    url = settings.variable({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
    if (!url) url = settings.endpoint_of_profile();
  }
  config.custom_endpoint = url.has_value();
  if (!url) url = "https://" + amazon_host(config.region);
  SHOAL_ASSIGN_OR_RETURN(config.endpoint, parse_http_origin(*url));
  config.path_style = options.path_style.value_or(config.custom_endpoint);
  return Status();
}

/// Whether an entry of NO_PROXY ("*", "host", ".domain") means the host.
bool is_without_proxy(std::string_view entry, std::string_view host) {
  while (entry.starts_with(' ')) entry.remove_prefix(1);
  while (entry.ends_with(' ')) entry.remove_suffix(1);
  if (entry == "*" || entry == host) return true;
  while (entry.starts_with('.')) entry.remove_prefix(1);
  return !entry.empty() && (host == entry || host.ends_with("." + std::string(entry)));
}

/// Keys go into a header: a line end in one would be a header of its own.
bool is_header_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

AwsEnvironment process_aws_environment() {
  AwsEnvironment environment;
  environment.variable = [](const std::string& name) -> Text {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? Text() : Text(value);
  };
  environment.file = [](const std::string& path) -> Result<std::string> {
    std::ifstream file(path, std::ios::binary);
    if (!file) return errno_status(errno, "read", path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  return environment;
}

bool is_aws_region(const std::string& region) {
  return !region.empty() && region.size() <= 64 && std::all_of(region.begin(), region.end(), [](unsigned char c) {
    return std::islower(c) || std::isdigit(c) || c == '-';
  });
}

std::string amazon_host(const std::string& region) {
  return "s3." + region + (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

std::optional<std::string> ignored_proxy(const HttpOrigin& endpoint, const AwsEnvironment& environment) {
  const auto is_set = [&](const char* name) { return !environment.variable(name).value_or("").empty(); };
  if (endpoint.host == "localhost" || endpoint.host == "::1" || endpoint.host.starts_with("127.")) return std::nullopt;
  for (const char* name : {"NO_PROXY", "no_proxy"}) {
    const std::string hosts = environment.variable(name).value_or("");
    for (std::string_view rest = hosts; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (is_without_proxy(rest.substr(0, comma), endpoint.host)) return std::nullopt;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  const bool tls = endpoint.tls;
  for (const char* name :
       {tls ? "HTTPS_PROXY" : "HTTP_PROXY", tls ? "https_proxy" : "http_proxy", "ALL_PROXY", "all_proxy"}) {
    if (is_set(name)) return name;
  }
  return std::nullopt;
}

Result<AwsConfig> resolve_aws_config(const StorageOptions& options, const AwsEnvironment& environment) {
  Settings settings(options, environment);
  SHOAL_RETURN_IF_ERROR(settings.load());
  AwsConfig config;
  config.region = options.region;
  if (config.region.empty()) config.region = settings.variable({"AWS_REGION", "AWS_DEFAULT_REGION"}).value_or("");
  if (config.region.empty()) config.region = settings.of_profile("region").value_or("us-east-1");
  if (!is_aws_region(config.region)) {
    return Status(ErrorCode::invalid_argument, "\"" + config.region + "\" is no region; write it as in us-east-1");
  }
  SHOAL_RETURN_IF_ERROR(resolve_endpoint(options, settings, config));
  SHOAL_RETURN_IF_ERROR(resolve_credentials(options, settings, config));
  if (config.credentials && (!is_header_text(config.credentials->access_key) ||
                             !is_header_text(config.credentials->session_token.reveal()))) {
    return Status(ErrorCode::invalid_argument, "the access key or session token from " + config.credentials_source +
                                                   " has blanks or line ends in it; copy it again");
  }
  config.ca_file = options.ca_file;
  if (config.ca_file.empty()) config.ca_file = settings.variable({"AWS_CA_BUNDLE"}).value_or("");
  if (config.ca_file.empty()) config.ca_file = settings.of_profile("ca_bundle").value_or("");
  if (options.max_connections < 0) {
    return Status(ErrorCode::invalid_argument, "max_connections is negative; 0 means 256");
  }
  if (options.max_connections > 0) config.connections_max = options.max_connections;
  if (options.deadline_s) config.deadline_s = options.deadline_s->value;
  if (!(config.deadline_s > 0)) return Status(ErrorCode::invalid_argument, "deadline_s must be above 0");
  config.resolve_again = [options, environment] { return resolve_aws_config(options, environment); };
  return config;
}

}  // namespace shoal::data
