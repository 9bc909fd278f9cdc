#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/data/storage.h>

#include "base/status.h"

namespace shoal::data {

/// A listing under way: pages in order of the keys' bytes. May ask for pages before they are wanted; destroying it
/// stops that.
class ObjectLister {
 public:
  virtual ~ObjectLister() = default;
  /// The next objects; empty at the end. Blocks.
  virtual Result<std::vector<ObjectInfo>> next_page() = 0;
};

/// One object, or a range of it, to read.
struct ReadRequest {
  std::string key{};
  std::int64_t offset = 0;
  std::int64_t length = -1;     ///< -1 = to the end.
  std::string etag{};           ///< The read fails with `changed` where the object has another; empty = any.
  std::int64_t size_hint = -1;  ///< The object's size, if a listing told it.
  /// Where the bytes shall go, as many as length or size_hint promise; a read that finds another number of them takes
  /// memory of its own. Null = always its own.
  std::shared_ptr<std::uint8_t[]> into{};

  /// The number of bytes that is expected; -1 = not known.
  std::int64_t expected() const {
    if (length >= 0) return length;
    return size_hint < 0 ? -1 : size_hint < offset ? 0 : size_hint - offset;
  }
};

/// Reads many objects with many requests in flight and hands them over in the order of the requests.
class BulkReader {
 public:
  virtual ~BulkReader() = default;  ///< Cancels what is in flight.
  /// Sends the first requests; never blocks. next() does it where nobody did.
  virtual void prepare() = 0;
  /// The next request's bytes, exactly as many as asked for or as the object has; blocks. An error belongs to that
  /// one request, and the following ones can still be read. Call once per request.
  virtual Result<Bytes> next() = 0;
};

/// An object being written. Nothing is visible before commit().
class Upload {
 public:
  virtual ~Upload() = default;  ///< Aborts what was not committed.
  virtual Status write(std::span<const std::uint8_t> bytes) = 0;
  /// Sends what is left and makes it durable, still invisible.
  virtual Status finish() = 0;
  /// Makes the object visible as a whole. After finish(). A lost reply is asked again, so success is exact.
  virtual Status commit() = 0;
  /// Leaves nothing behind; after commit() it does nothing. Any thread, also while another call is under way, which then
  /// fails. A store that does not answer is waited for 1.5 s; what may have stayed there is logged.
  virtual void abort() = 0;
  /// Begins abort() and does not wait, so that many can be aborted at once. Any thread.
  virtual void start_abort() {}
};

/// Counts of requests since the process began, for `stats()`.
struct RequestCounts {
  std::int64_t get = 0, list = 0, put = 0, head = 0, remove = 0, retries = 0;
  std::int64_t bytes_read = 0, bytes_written = 0;
};

/// One kind of storage at one endpoint with one set of credentials: connections, retries and limits. `root` is the
/// bucket, or the absolute folder, and keys are relative to it. Thread-safe. Every error names root, key and cause.
/// Once `stop` is requested, from any thread, a call that waits for the store ends at once with `cancelled`, and so do
/// later calls of the lister or reader that was made with it; requests under way are given up.
/// Implementations: LocalStore, S3Store. Conformance: data/io/testing/object_store_suite.h.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  virtual Status create_root(const std::string& root) = 0;
  virtual Result<bool> root_exists(const std::string& root) = 0;
  virtual Status remove_root(const std::string& root) = 0;

  virtual Result<std::unique_ptr<ObjectLister>> list(const std::string& root, const std::string& prefix,
                                                     const ListOptions& options, const std::stop_token& stop = {}) = 0;
  virtual Result<ObjectInfo> info(const std::string& root, const std::string& key,
                                  const std::stop_token& stop = {}) = 0;
  virtual Result<Bytes> read(const std::string& root, const ReadRequest& request, const std::stop_token& stop = {}) = 0;
  virtual std::unique_ptr<BulkReader> read_many(const std::string& root, std::vector<ReadRequest> requests,
                                                const std::stop_token& stop = {}) = 0;

  virtual Status put(const std::string& root, const std::string& key, std::span<const std::uint8_t> bytes) = 0;
  virtual Result<std::unique_ptr<Upload>> start_upload(const std::string& root, const std::string& key) = 0;
  virtual Status remove(const std::string& root, const std::string& key) = 0;

  virtual RequestCounts counts() const = 0;
  /// "s3://bucket/key" or "file:///folder/key", for errors and rows.
  virtual std::string uri_of(const std::string& root, const std::string& key) const = 0;
};

/// Where a URI leads: a store, the root in it, and a key or prefix below the root (may be empty).
struct Location {
  std::shared_ptr<ObjectStore> store;
  std::string root;
  std::string key{};
};

/// The process's stores, made at first use, one per endpoint and credentials. Thread-safe. Owned by the process
/// (`process_storage_clients()`); tests make their own.
class StorageClients {
 public:
  StorageClients();
  ~StorageClients();
  StorageClients(const StorageClients&) = delete;
  StorageClients& operator=(const StorageClients&) = delete;

  /// Errors: invalid_argument (malformed), unsupported (a scheme that is not built yet, by name).
  /// A path that ends in a slash becomes root = that folder; any other path, which may be a file, becomes root = "/"
  /// and the whole path as key; "s3://bucket/key" becomes root = bucket. Does no I/O on the path.
  Result<Location> locate(std::string_view uri, const StorageOptions& options = {});
  /// Sum over all stores.
  RequestCounts counts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};
StorageClients& process_storage_clients();

}  // namespace shoal::data
