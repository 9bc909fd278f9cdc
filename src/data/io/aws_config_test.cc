#include "data/io/aws_config.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "data/io/aws_profile.h"

namespace shoal::data {
namespace {

using Texts = std::map<std::string, std::string>;

const std::string k_forbidden = "(a file that exists and cannot be read)";

AwsEnvironment environment_of(Texts variables, Texts files = {}) {
  const auto look_up = [](const Texts& texts, const std::string& name) {
    const auto found = texts.find(name);
    return found == texts.end() ? std::optional<std::string>() : std::optional<std::string>(found->second);
  };
  variables.emplace("HOME", "/users/me");
  return {[=](const std::string& name) { return look_up(variables, name); },
          [=](const std::string& path) -> Result<std::string> {
            const std::optional<std::string> text = look_up(files, path);
            if (!text) return Status(ErrorCode::not_found, path);
            if (*text == k_forbidden) return Status(ErrorCode::permission_denied, path + " is not ours");
            return *text;
          }};
}

const std::string k_config = "/users/me/.aws/config";
const std::string k_credentials = "/users/me/.aws/credentials";
const Texts k_keys = {{"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "env-secret"}};

TEST(AwsConfig, OptionsGoBeforeVariables) {
  StorageOptions options;
  options.access_key = "OPT";
  options.secret_key = "opt-secret";
  options.region = "eu-west-1";
  options.endpoint = "http://127.0.0.1:9000";
  Texts variables = k_keys;
  variables["AWS_REGION"] = "us-west-2";
  variables["AWS_ENDPOINT_URL"] = "http://elsewhere:1";
  const auto config = resolve_aws_config(options, environment_of(variables));
  ASSERT_TRUE(config.ok()) << config.status().text();
  EXPECT_EQ(config->credentials->access_key, "OPT");
  EXPECT_EQ(config->credentials->secret_key.reveal(), "opt-secret");
  EXPECT_EQ(config->region, "eu-west-1");
  EXPECT_EQ(config->endpoint.text(), "http://127.0.0.1:9000");
  EXPECT_TRUE(config->path_style);
}

TEST(AwsConfig, VariablesWithASessionToken) {
  Texts variables = k_keys;
  variables["AWS_SESSION_TOKEN"] = "token";
  variables["AWS_DEFAULT_REGION"] = "eu-central-1";
  variables["AWS_ENDPOINT_URL"] = "http://all:1";
  variables["AWS_ENDPOINT_URL_S3"] = "https://s3:2";
  variables["AWS_CA_BUNDLE"] = "/ca.pem";
  const auto config = resolve_aws_config({}, environment_of(variables));
  ASSERT_TRUE(config.ok()) << config.status().text();
  EXPECT_EQ(config->credentials->session_token.reveal(), "token");
  EXPECT_EQ(config->credentials_source, "environment");
  EXPECT_EQ(config->region, "eu-central-1");
  EXPECT_EQ(config->endpoint.text(), "https://s3:2");
  EXPECT_EQ(config->ca_file, "/ca.pem");
}

TEST(AwsConfig, AmazonWithoutAnEndpoint) {
  const auto config = resolve_aws_config({}, environment_of(k_keys));
  ASSERT_TRUE(config.ok()) << config.status().text();
  EXPECT_EQ(config->endpoint.text(), "https://s3.us-east-1.amazonaws.com");
  EXPECT_FALSE(config->path_style);
  EXPECT_FALSE(config->custom_endpoint);
  EXPECT_EQ(amazon_host("cn-north-1"), "s3.cn-north-1.amazonaws.com.cn");
}

TEST(AwsConfig, ProfilesOfTheSharedFiles) {
  const Texts files = {{k_config,
                        "[default]\nregion = us-east-2\n"
                        "[profile dev]\nregion=eu-north-1\nservices = lab\n"
                        "[services lab]\ns3 =\n  endpoint_url = http://lab:9000\n"},
                       {k_credentials,
                        "[default]\naws_access_key_id = D\naws_secret_access_key = d # not mine\n"
                        "[dev]\naws_access_key_id=V\naws_secret_access_key=v\naws_session_token=t\n"}};
  const auto standard = resolve_aws_config({}, environment_of({}, files));
  ASSERT_TRUE(standard.ok()) << standard.status().text();
  EXPECT_EQ(standard->credentials->access_key, "D");
  EXPECT_EQ(standard->credentials->secret_key.reveal(), "d");
  EXPECT_EQ(standard->region, "us-east-2");

  const auto dev = resolve_aws_config({}, environment_of({{"AWS_PROFILE", "dev"}}, files));
  ASSERT_TRUE(dev.ok()) << dev.status().text();
  EXPECT_EQ(dev->credentials->access_key, "V");
  EXPECT_EQ(dev->credentials->session_token.reveal(), "t");
  EXPECT_EQ(dev->region, "eu-north-1");
  EXPECT_EQ(dev->endpoint.text(), "http://lab:9000");

  StorageOptions named;
  named.profile = "dev";  // a profile of the options goes before variables
  EXPECT_EQ(resolve_aws_config(named, environment_of(k_keys, files))->credentials->access_key, "V");
  named.profile = "none";
  EXPECT_EQ(resolve_aws_config(named, environment_of(k_keys, files)).status().code(), ErrorCode::not_found);
}

TEST(AwsConfig, FilesElsewhere) {
  const auto config = resolve_aws_config(
      {}, environment_of({{"AWS_SHARED_CREDENTIALS_FILE", "/c"}, {"AWS_CONFIG_FILE", "/g"}},
                         {{"/c", "[default]\naws_access_key_id=A\naws_secret_access_key=b\n"},
                          {"/g", "[default]\nregion=ap-south-1\nendpoint_url=http://h\n"}}));
  ASSERT_TRUE(config.ok()) << config.status().text();
  EXPECT_EQ(config->region, "ap-south-1");
  EXPECT_EQ(config->endpoint.text(), "http://h");
}

TEST(AwsConfig, SourcesThatAreNotSupportedAreNamed) {
  const std::pair<std::string, std::string> profiles[] = {
      {"sso_session = my-sso", "sso_session"},
      {"sso_start_url = https://x", "sso_start_url"},
      {"role_arn = arn:aws:iam::1:role/r\nsource_profile = default", "role_arn"},
      {"credential_process = /bin/keys --secret", "credential_process"}};
  for (const auto& [lines, name] : profiles) {
    const Status status =
        resolve_aws_config({}, environment_of({}, {{k_config, "[default]\n" + lines + "\n"}})).status();
    EXPECT_EQ(status.code(), ErrorCode::unsupported) << status.text();
    EXPECT_NE(status.text().find(name), std::string::npos) << status.text();
  }
  for (const char* variable : {"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}) {
    EXPECT_EQ(resolve_aws_config({}, environment_of({{variable, "x"}})).status().code(), ErrorCode::unsupported);
  }
}

TEST(AwsConfig, KeysBesideARoleAreNotTheRole) {
  const Texts files = {{k_config, "[profile dev]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = dev\n"},
                       {k_credentials, "[dev]\naws_access_key_id=V\naws_secret_access_key=v\n"}};
  const Status status = resolve_aws_config({.profile = "dev"}, environment_of({}, files)).status();
  EXPECT_EQ(status.code(), ErrorCode::unsupported) << status.text();
  EXPECT_NE(status.text().find("role_arn"), std::string::npos) << status.text();
  Texts with_keys = k_keys;
  with_keys["AWS_PROFILE"] = "dev";
  EXPECT_TRUE(resolve_aws_config({}, environment_of(with_keys, files)).ok()) << "variables go first";
}

TEST(AwsConfig, AFileThatCannotBeReadIsNamedWhereItIsMissed) {
  for (const std::string& file : {k_credentials, k_config}) {
    const Status status = resolve_aws_config({}, environment_of({}, {{file, k_forbidden}})).status();
    EXPECT_EQ(status.code(), ErrorCode::permission_denied);
    EXPECT_NE(status.text().find(file + " is not ours"), std::string::npos) << status.text();
    EXPECT_TRUE(resolve_aws_config({}, environment_of(k_keys, {{file, k_forbidden}})).ok());
    const Status named = resolve_aws_config({.profile = "dev"}, environment_of({}, {{file, k_forbidden}})).status();
    EXPECT_NE(named.text().find(file + " is not ours"), std::string::npos) << named.text();
  }
}

TEST(AwsConfig, TellsWhichProxyIsNotUsed) {
  const auto proxy = [](const char* url, Texts variables) {
    return ignored_proxy(parse_http_origin(url).value(), environment_of(std::move(variables))).value_or("");
  };
  EXPECT_EQ(proxy("https://s3.amazonaws.com", {}), "");
  EXPECT_EQ(proxy("https://s3.amazonaws.com", {{"HTTPS_PROXY", "p"}}), "HTTPS_PROXY");
  EXPECT_EQ(proxy("https://s3.amazonaws.com", {{"HTTP_PROXY", "p"}}), "");
  EXPECT_EQ(proxy("http://store:9000", {{"http_proxy", "p"}}), "http_proxy");
  EXPECT_EQ(proxy("http://127.0.0.1:9000", {{"HTTP_PROXY", "p"}}), "");
  EXPECT_EQ(proxy("http://s3.lab.net", {{"HTTP_PROXY", "p"}, {"NO_PROXY", "x, .lab.net"}}), "");
  EXPECT_EQ(proxy("http://s3.notlab.net", {{"HTTP_PROXY", "p"}, {"NO_PROXY", "x,lab.net"}}), "HTTP_PROXY");
  EXPECT_EQ(proxy("http://store", {{"ALL_PROXY", "p"}, {"no_proxy", "*"}}), "");
}

TEST(AwsConfig, NoCredentialsIsAnErrorUnlessAnonymous) {
  EXPECT_EQ(resolve_aws_config({}, environment_of({})).status().code(), ErrorCode::permission_denied);
  StorageOptions options;
  options.anonymous = true;
  const auto config = resolve_aws_config(options, environment_of({}));
  ASSERT_TRUE(config.ok());
  EXPECT_FALSE(config->credentials.has_value());
}

TEST(AwsConfig, RefusesWhatCannotBe) {
  const auto code_of = [](auto change) {
    StorageOptions options;
    options.access_key = "A";
    options.secret_key = "b";
    change(options);
    return resolve_aws_config(options, environment_of({})).status().code();
  };
  EXPECT_EQ(code_of([](StorageOptions&) {}), ErrorCode::ok);
  EXPECT_EQ(code_of([](StorageOptions& o) { o.secret_key.clear(); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([](StorageOptions& o) { o.region = "evil.example/x"; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([](StorageOptions& o) { o.endpoint = "ftp://host"; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([](StorageOptions& o) { o.endpoint = "http://user:pass@host"; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([](StorageOptions& o) { o.endpoint = "http://host:99999"; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([](StorageOptions& o) { o.endpoint = "http://host/path"; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([](StorageOptions& o) { o.access_key = "A\r\nX-Evil: 1"; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([](StorageOptions& o) { o.max_connections = -1; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([](StorageOptions& o) { o.deadline_s = 0; }), ErrorCode::invalid_argument);
}

TEST(AwsConfig, ErrorsOfFilesHoldNoSecret) {
  const Status status =
      resolve_aws_config({}, environment_of({}, {{k_credentials, "[default]\naws_secret_access_key\nhush"}})).status();
  EXPECT_EQ(status.code(), ErrorCode::corrupt_data);
  EXPECT_NE(status.text().find(k_credentials), std::string::npos);
  EXPECT_EQ(status.text().find("hush"), std::string::npos);
}

TEST(AwsProfile, ReadsSectionsCommentsAndBlocks) {
  const auto sections = parse_aws_file(
      "# top\r\n[ profile   a ]\r\nKey = v ; c\r\n\r\n[b]\nx=1=2\ns3 =\n y = z\nq=r\n");
  ASSERT_TRUE(sections.ok()) << sections.status().text();
  EXPECT_EQ(sections->at("profile a").at("key"), "v");
  EXPECT_EQ(sections->at("b").at("x"), "1=2");
  EXPECT_EQ(sections->at("b").at("s3.y"), "z");
  EXPECT_EQ(sections->at("b").at("q"), "r");
  EXPECT_EQ(parse_aws_file("x=1\n").status().code(), ErrorCode::corrupt_data);
  EXPECT_EQ(parse_aws_file("[x\n").status().code(), ErrorCode::corrupt_data);
  EXPECT_EQ(parse_aws_file(std::string(2 << 20, 'x')).status().code(), ErrorCode::corrupt_data);
}

TEST(HttpOrigin, ReadsHostsAndPorts) {
  EXPECT_EQ(parse_http_origin("https://s3.example.com/")->authority(), "s3.example.com");
  EXPECT_EQ(parse_http_origin("https://h:8443")->authority(), "h:8443");
  EXPECT_EQ(parse_http_origin("http://[::1]:9000")->authority(), "[::1]:9000");
  EXPECT_EQ(parse_http_origin("http://[::1]:9000")->host, "::1");
  for (const char* bad : {"", "h", "http://", "http://a b", "http://h:0", "http://h:x", "http://h?q", "http://[::1"}) {
    EXPECT_EQ(parse_http_origin(bad).status().code(), ErrorCode::invalid_argument) << bad;
  }
}

}  // namespace
}  // namespace shoal::data
