#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shoal::data {

/// One section of a shared AWS file: names in lower case. Settings of a nested block ("s3 =" and indented lines)
/// are named "s3.endpoint_url".
using AwsSection = std::map<std::string, std::string, std::less<>>;
/// Sections by name as they stand between the brackets, blanks made single: "default", "profile dev", "services x".
using AwsSections = std::map<std::string, AwsSection, std::less<>>;

/// Reads the text of ~/.aws/config or ~/.aws/credentials. Errors: corrupt_data with the line's number and never its
/// text, which may hold a secret. Limits: 1 MiB, 10,000 lines.
Result<AwsSections> parse_aws_file(std::string_view text);

}  // namespace shoal::data
