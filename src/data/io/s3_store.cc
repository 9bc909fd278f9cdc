#include "data/io/s3_store.h"

#include <mutex>
#include <utility>

#include <shoal/base/log.h>

#include "data/io/s3_bulk_reader.h"
#include "data/io/s3_client.h"
#include "data/io/s3_list.h"
#include "data/io/s3_upload.h"
#include "data/io/s3_xml.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_one_put_bytes_max = 64 << 20;  // of larger objects a lost connection costs a part, not all

/// The object store at one S3 endpoint: a thin face of S3Client.
class S3Store final : public ObjectStore {
 public:
  explicit S3Store(std::shared_ptr<S3Client> client) : client_(std::move(client)) {}

  Status create_root(const std::string& root) override;
  Result<bool> root_exists(const std::string& root) override;
  Status remove_root(const std::string& root) override;
  Result<std::unique_ptr<ObjectLister>> list(const std::string& root, const std::string& prefix,
                                             const ListOptions& options, const std::stop_token& stop) override;
  Result<ObjectInfo> info(const std::string& root, const std::string& key, const std::stop_token& stop) override;
  Result<Bytes> read(const std::string& root, const ReadRequest& request, const std::stop_token& stop) override;
  std::unique_ptr<BulkReader> read_many(const std::string& root, std::vector<ReadRequest> requests,
                                        const std::stop_token& stop) override;
  Status put(const std::string& root, const std::string& key, std::span<const std::uint8_t> bytes) override;
  Result<std::unique_ptr<Upload>> start_upload(const std::string& root, const std::string& key) override;
  Status remove(const std::string& root, const std::string& key) override;
  RequestCounts counts() const override { return client_->counts(); }
  std::string uri_of(const std::string& root, const std::string& key) const override {
    return client_->uri_of(root, key);
  }

 private:
  Status check_key(const std::string& root, const std::string& key) const;

  const std::shared_ptr<S3Client> client_;
};

Status S3Store::check_key(const std::string& root, const std::string& key) const {
  if (key.empty()) {
    return Status(ErrorCode::invalid_argument, client_->uri_of(root, key) + ": the key is empty; an object has one");
  }
  return Status();
}

Status S3Store::create_root(const std::string& root) {
  const std::string xml = create_bucket_xml(client_->config().region);
  S3Request request{.verb = S3Verb::put, .method = "PUT", .bucket = root};
  request.body = {reinterpret_cast<const std::uint8_t*>(xml.data()), xml.size()};
  request.body_sha256 = sha256_hex(request.body);
  const S3Answer answer = client_->run(std::move(request));
  return answer.fault.body.code == "BucketAlreadyOwnedByYou" ? Status() : answer.error;
}

Result<bool> S3Store::root_exists(const std::string& root) {
  const S3Answer answer = client_->run({.verb = S3Verb::head, .method = "HEAD", .bucket = root});
  if (answer.error.ok()) return true;
  if (answer.fault.status == 404) return false;
  return answer.error;
}

Status S3Store::remove_root(const std::string& root) {
  return client_->run({.verb = S3Verb::remove, .method = "DELETE", .bucket = root}).error;
}

Result<std::unique_ptr<ObjectLister>> S3Store::list(const std::string& root, const std::string& prefix,
                                                    const ListOptions& options, const std::stop_token& stop) {
  SHOAL_RETURN_IF_ERROR(check_bucket_name(root));
  return make_s3_lister(client_, root, prefix, options, stop);
}

Result<ObjectInfo> S3Store::info(const std::string& root, const std::string& key, const std::stop_token& stop) {
  SHOAL_RETURN_IF_ERROR(check_key(root, key));
  const S3Answer answer = client_->run({.verb = S3Verb::head, .method = "HEAD", .bucket = root, .key = key}, nullptr,
                                       stop);
  SHOAL_RETURN_IF_ERROR(answer.error);
  ObjectInfo info;
  info.uri = client_->uri_of(root, key);
  info.key = key;
  info.size = answer.reply.content_length;
  info.etag = answer.reply.etag;
  info.modified_us = parse_http_time_us(answer.reply.last_modified);
  return info;
}

Result<Bytes> S3Store::read(const std::string& root, const ReadRequest& request, const std::stop_token& stop) {
  return read_many(root, {request}, stop)->next();
}

std::unique_ptr<BulkReader> S3Store::read_many(const std::string& root, std::vector<ReadRequest> requests,
                                               const std::stop_token& stop) {
  return make_s3_bulk_reader(client_, root, std::move(requests), stop);
}

Status S3Store::put(const std::string& root, const std::string& key, std::span<const std::uint8_t> bytes) {
  SHOAL_RETURN_IF_ERROR(check_key(root, key));
  if (bytes.size() > k_one_put_bytes_max) {
    SHOAL_ASSIGN_OR_RETURN(const std::unique_ptr<Upload> upload, start_s3_upload(client_, root, key));
    SHOAL_RETURN_IF_ERROR(upload->write(bytes));
    SHOAL_RETURN_IF_ERROR(upload->finish());
    return upload->commit();
  }
  S3Request request{.verb = S3Verb::put, .method = "PUT", .bucket = root, .key = key};
  request.body = bytes;
  request.body_sha256 = sha256_hex(bytes);  // signed, so the store refuses bytes that changed on their way
  return client_->run(std::move(request)).error;
}

Result<std::unique_ptr<Upload>> S3Store::start_upload(const std::string& root, const std::string& key) {
  SHOAL_RETURN_IF_ERROR(check_key(root, key));
  return start_s3_upload(client_, root, key);
}

Status S3Store::remove(const std::string& root, const std::string& key) {
  SHOAL_RETURN_IF_ERROR(check_key(root, key));
  const S3Answer answer = client_->run({.verb = S3Verb::remove, .method = "DELETE", .bucket = root, .key = key});
  return answer.fault.body.code == "NoSuchKey" ? Status() : answer.error;
}

}  // namespace

Result<std::shared_ptr<ObjectStore>> make_s3_store(const StorageOptions& options) {
  const AwsEnvironment environment = process_aws_environment();
  SHOAL_ASSIGN_OR_RETURN(AwsConfig config, resolve_aws_config(options, environment));
  if (const auto proxy = ignored_proxy(config.endpoint, environment)) {
    static std::once_flag told;
    std::call_once(told, [&] {
      log::warn(
          "{} is set, but proxies are not supported yet: requests go to {} directly; where that is right, add the "
          "host to NO_PROXY",
          *proxy, config.endpoint.text());
    });
  }
  SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<S3Client> client, S3Client::make(std::move(config)));
  return std::shared_ptr<ObjectStore>(std::make_shared<S3Store>(std::move(client)));
}

}  // namespace shoal::data
