#include "data/io/s3_xml.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>

#include <pugixml.hpp>

#include "data/io/http_escape.h"

namespace shoal::data {
namespace {

constexpr unsigned k_parse = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol;

Status bad_answer(const std::string& why) { return Status(ErrorCode::corrupt_data, "the server's answer " + why); }

/// Loads and gives the root, which must have the name.
Result<pugi::xml_node> root_of(pugi::xml_document& document, std::string_view xml, const char* name) {
  const pugi::xml_parse_result parsed = document.load_buffer(xml.data(), xml.size(), k_parse, pugi::encoding_utf8);
  if (!parsed) return bad_answer(std::string("is not XML: ") + parsed.description());
  const pugi::xml_node root = document.document_element();
  if (std::strcmp(root.name(), name) != 0) return bad_answer(std::string("has no <") + name + ">");
  return root;
}

bool number_of(std::string_view text, std::int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0;
}

Result<ObjectInfo> object_of(const pugi::xml_node& node, bool escaped) {
  ObjectInfo info;
  for (const pugi::xml_node& field : node.children()) {
    const std::string_view name = field.name();
    const char* text = field.child_value();
    if (name == "Key") info.key = escaped ? unescape_form(text) : text;
    else if (name == "ETag") info.etag = without_quotes(text);
    else if (name == "LastModified") info.modified_us = parse_iso_time_us(text);
    else if (name == "Size" && !number_of(text, info.size)) return bad_answer("has a bad <Size>");
  }
  return info;
}

Status check_page(const S3ListPage& page, std::string_view prefix) {
  for (const ObjectInfo& entry : page.entries) {
    if (entry.key.empty() || !entry.key.starts_with(prefix)) return bad_answer("lists a key that was not asked for");
  }
  return Status();
}

std::int64_t seconds_of(std::tm& parts) { return static_cast<std::int64_t>(::timegm(&parts)); }

}  // namespace

Result<S3ListPage> parse_list_page(std::string_view xml, std::string_view prefix) {
  pugi::xml_document document;
  SHOAL_ASSIGN_OR_RETURN(const pugi::xml_node root, root_of(document, xml, "ListBucketResult"));
  const bool escaped = std::strcmp(root.child_value("EncodingType"), "url") == 0;
  S3ListPage page;
  bool truncated = false;
  for (const pugi::xml_node& child : root.children()) {
    const std::string_view name = child.name();
    if (name == "Contents") {
      SHOAL_ASSIGN_OR_RETURN(ObjectInfo info, object_of(child, escaped));
      page.entries.push_back(std::move(info));
    } else if (name == "CommonPrefixes") {
      ObjectInfo info;
      const char* text = child.child_value("Prefix");
      info.key = escaped ? unescape_form(text) : text;
      info.is_prefix = true;
      page.entries.push_back(std::move(info));
    } else if (name == "IsTruncated") {
      truncated = std::strcmp(child.child_value(), "true") == 0;
    } else if (name == "NextContinuationToken") {
      page.next_token = child.child_value();
    }
  }
  SHOAL_RETURN_IF_ERROR(check_page(page, prefix));
  if (truncated && page.next_token.empty()) return bad_answer("is cut short and has no NextContinuationToken");
  if (!truncated) page.next_token.clear();
  const auto by_key = [](const ObjectInfo& a, const ObjectInfo& b) { return a.key < b.key; };
  if (!std::is_sorted(page.entries.begin(), page.entries.end(), by_key)) {  // prefixes stand behind the objects
    std::sort(page.entries.begin(), page.entries.end(), by_key);
  }
  return page;
}

Result<std::string> parse_upload_id(std::string_view xml) {
  pugi::xml_document document;
  SHOAL_ASSIGN_OR_RETURN(const pugi::xml_node root, root_of(document, xml, "InitiateMultipartUploadResult"));
  std::string id = root.child_value("UploadId");
  if (id.empty()) return bad_answer("has no <UploadId>");
  return id;
}

Result<std::string> parse_completed_etag(std::string_view xml) {
  pugi::xml_document document;
  SHOAL_ASSIGN_OR_RETURN(const pugi::xml_node root, root_of(document, xml, "CompleteMultipartUploadResult"));
  return std::string(without_quotes(root.child_value("ETag")));
}

bool parse_s3_error(std::string_view xml, S3ErrorBody& error) {
  pugi::xml_document document;
  const Result<pugi::xml_node> root = root_of(document, xml, "Error");
  if (!root.ok()) return false;
  error.code = root->child_value("Code");
  error.message = root->child_value("Message");
  error.region = root->child_value("Region");
  error.request_id = root->child_value("RequestId");
  return true;
}

std::string complete_upload_xml(const std::vector<S3Part>& parts) {
  std::string xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const S3Part& part : parts) {
    xml += "<Part><PartNumber>" + std::to_string(part.number) + "</PartNumber><ETag>\"";
    for (const char c : part.etag) {  // it came from the server: nothing of it may be markup
      if (c != '<' && c != '>' && c != '&' && c != '"') xml += c;
    }
    xml += "\"</ETag></Part>";
  }
  return xml + "</CompleteMultipartUpload>";
}

std::string create_bucket_xml(const std::string& region) {
  if (region == "us-east-1") return "";
  return "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>" + region +
         "</LocationConstraint></CreateBucketConfiguration>";
}

std::int64_t parse_iso_time_us(std::string_view text) {
  const std::string copy(text.substr(0, 40));
  std::tm parts{};
  const char* rest = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return 0;
  std::int64_t us = 0;
  if (*rest == '.') {
    std::int64_t unit = 100'000;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) us += (*rest - '0') * unit;
  }
  return seconds_of(parts) * 1'000'000 + us;
}

std::int64_t parse_http_time_us(const std::string& text) {
  std::tm parts{};
  if (::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S", &parts) == nullptr) return 0;
  return seconds_of(parts) * 1'000'000;
}

}  // namespace shoal::data
