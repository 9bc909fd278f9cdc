#include "data/io/uri.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/hex.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_uri_bytes_max = 64 << 10;  // longer than any path or key: a wrong argument, not a name
constexpr std::size_t k_key_bytes_max = 1024;      // of S3
constexpr std::size_t k_bucket_bytes_min = 3, k_bucket_bytes_max = 255;  // 63 since 2018, 255 in old buckets

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

Status malformed(std::string_view text, const std::string& cause) {
  return Status(ErrorCode::invalid_argument, "malformed URI \"" + std::string(text.substr(0, 300)) + "\": " + cause +
                                                 "; give a path, file:///path or s3://bucket/key");
}

/// The scheme before "://", in lower case; nothing for a plain path.
std::optional<std::string> scheme_of(std::string_view text) {
  std::size_t end = text.find("://");
  if (text.starts_with("file:/") && end != 4) return "file";
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  std::string scheme(text.substr(0, end));
  for (char& c : scheme) {
    if (!is_alnum(c) && c != '+' && c != '-' && c != '.') return std::nullopt;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return scheme;
}

Status refuse_scheme(std::string_view text, const std::string& scheme) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> k_known = {
      {{"gs", "Google Cloud Storage"},
       {"gcs", "Google Cloud Storage"},
       {"abfs", "Azure Data Lake"},
       {"abfss", "Azure Data Lake"},
       {"az", "Azure Blob Storage"},
       {"wasbs", "Azure Blob Storage"},
       {"hdfs", "HDFS"},
       {"http", "HTTP"},
       {"https", "HTTP"},
       {"ftp", "FTP"}}};
  for (const auto& [name, meaning] : k_known) {
    if (name == scheme) {
      return Status(ErrorCode::unsupported, std::string(meaning) + " (" + scheme + "://) is not supported yet: \"" +
                                                std::string(text.substr(0, 300)) +
                                                "\"; copy the data to s3:// or to a local folder");
    }
  }
  if (scheme == "s3a" || scheme == "s3n") {
    return Status(ErrorCode::unsupported, scheme + ":// is not supported; write s3:// instead");
  }
  return malformed(text, "unknown scheme \"" + scheme + "\"");
}

/// A scheme whose "://" lost a slash: as a path it would be a folder "s3:", which nobody means.
bool is_cut_scheme(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  std::string scheme(text.substr(0, colon));
  for (char& c : scheme) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text.substr(colon).starts_with(":/") &&
         (scheme == "s3" || scheme == "gs" || scheme == "abfs" || scheme == "http" || scheme == "https");
}

/// Undoes percent escapes; nothing where one is cut off or not hexadecimal.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int byte = hex_byte(text.substr(i + 1));
    if (byte < 0) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

Result<Uri> parse_file(std::string_view text) {
  std::string_view rest = text.substr(text.find(':') + 1);
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (rest.starts_with("localhost/")) rest.remove_prefix(9);
  }
  if (!rest.starts_with('/')) return malformed(text, "a file URI has no host and an absolute path");
  std::optional<std::string> path = percent_decoded(rest);
  if (!path) return malformed(text, "a percent sign is not followed by two hexadecimal digits (write %25)");
  if (path->find('\0') != std::string::npos) return malformed(text, "it contains a NUL character");
  return Uri{UriScheme::file, "", std::move(*path)};
}

Result<Uri> parse_s3(std::string_view text) {
  std::string_view rest = text.substr(5);
  std::size_t slash = rest.find('/');
  std::string_view bucket = rest.substr(0, slash);
  std::string_view key = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  if (!is_bucket_name(bucket)) {
    return malformed(text, "\"" + std::string(bucket.substr(0, 80)) +
                               "\" is no bucket name (3 to 255 letters, "
                               "digits, dots, hyphens)");
  }
  if (key.size() > k_key_bytes_max) return malformed(text, "the key is longer than 1024 bytes");
  return Uri{UriScheme::s3, std::string(bucket), std::string(key)};
}

}  // namespace

bool is_bucket_name(std::string_view name) {
  return name.size() >= k_bucket_bytes_min && name.size() <= k_bucket_bytes_max && is_alnum(name.front()) &&
         is_alnum(name.back()) && name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; });
}

Result<Uri> parse_uri(std::string_view text) {
  if (text.empty()) return malformed(text, "it is empty");
  if (text.size() > k_uri_bytes_max) return malformed(text, "it is longer than 64 KiB");
  if (text.find('\0') != std::string_view::npos) return malformed(text, "it contains a NUL character");
  std::optional<std::string> scheme = scheme_of(text);
  if (!scheme && is_cut_scheme(text)) {
    return malformed(text, "two slashes follow a scheme: \"" + std::string(text.substr(0, text.find(':'))) +
                               "://\" (a path "
                               "of that name is written \"./" +
                               std::string(text.substr(0, 80)) + "\")");
  }
  if (!scheme) return Uri{UriScheme::file, "", std::string(text)};
  if (*scheme == "file") return parse_file(text);
  if (*scheme == "s3") return parse_s3(text);
  return refuse_scheme(text, *scheme);
}

std::string file_uri(std::string_view absolute_path) {
  static constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string out = "file://";
  out.reserve(out.size() + absolute_path.size());
  for (char c : absolute_path) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '%' || c == '?' || c == '#') {
      out += '%';
      out += k_digits[byte >> 4];
      out += k_digits[byte & 15];
    } else {
      out += c;
    }
  }
  return out;
}

std::string absolute_path(std::string_view path, std::string_view working_folder) {
  std::string whole;
  if (!path.starts_with('/')) {
    whole = working_folder;
    whole += '/';
  }
  whole += path;

  std::vector<std::string_view> parts;
  std::string_view rest = whole;
  bool names_folder = false;
  while (!rest.empty()) {
    std::size_t slash = std::min(rest.find('/'), rest.size());
    std::string_view part = rest.substr(0, slash);
    names_folder = slash < rest.size() || part == "." || part == "..";
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  std::string out;
  for (std::string_view part : parts) (out += '/') += part;
  if (names_folder || out.empty()) out += '/';
  return out;
}

bool is_file_key(std::string_view key) {
  if (key.empty() || key.find('\0') != std::string_view::npos) return false;
  while (true) {
    std::size_t slash = key.find('/');
    std::string_view part = key.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    key.remove_prefix(slash + 1);
  }
}

}  // namespace shoal::data
