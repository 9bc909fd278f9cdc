#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/data/options.h>

namespace shoal::data {
class ObjectStore;
class ObjectLister;
}  // namespace shoal::data

namespace shoal::data::inline v1 {

/// What a listing says of one object or file.
struct ObjectInfo {
  std::string uri;               ///< Opens it again: "s3://bucket/key", "file:///path".
  std::string key;               ///< Relative to the bucket, or to the folder the storage was opened at.
  std::int64_t size = 0;         ///< Bytes.
  std::string etag;              ///< Of S3 without quotes; of a file "mtime-size".
  std::int64_t modified_us = 0;  ///< Microseconds since the epoch, UTC; 0 where unknown.
  bool is_prefix = false;        ///< A "folder" of a listing that is not recursive; size and etag are unset.
};

/// Bytes of one object; shares them when copied.
class Bytes {
 public:
  Bytes() = default;
  Bytes(std::shared_ptr<const void> owner, const std::uint8_t* data, std::size_t size)
      : owner_(std::move(owner)), data_(data), size_(size) {}
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const std::uint8_t> span() const { return {data_, size_}; }
  std::string_view view() const { return {reinterpret_cast<const char*>(data_), size_}; }
  std::string string() const { return std::string(view()); }
  const std::shared_ptr<const void>& owner() const { return owner_; }

 private:
  std::shared_ptr<const void> owner_;
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Objects of a listing, page by page: a single-pass range. Errors throw from begin() and ++.
class ObjectListing {
 public:
  class iterator {
   public:
    using value_type = ObjectInfo;
    using difference_type = std::ptrdiff_t;
    const ObjectInfo& operator*() const;
    const ObjectInfo* operator->() const { return &**this; }
    iterator& operator++();
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) { return it.listing_ == nullptr; }

   private:
    friend class ObjectListing;
    explicit iterator(ObjectListing* listing) : listing_(listing) {}
    ObjectListing* listing_;
  };

  explicit ObjectListing(std::unique_ptr<ObjectLister> lister);
  ObjectListing(ObjectListing&&) noexcept;
  ~ObjectListing();
  iterator begin();
  std::default_sentinel_t end() const { return {}; }

 private:
  bool load();
  std::unique_ptr<ObjectLister> lister_;
  std::vector<ObjectInfo> page_;
  std::size_t next_ = 0;
};

/// A bucket, or a folder used as one. A small value that shares the process's connections and credentials with every
/// other storage of the same endpoint; safe to use from many threads. All calls throw `shoal::Error`s that name the
/// bucket, the key and the request.
class Storage {
 public:
  /// Creates the bucket (or folder); one that exists already and is ours is no error.
  void create() const;
  bool exists() const;
  /// Writes the whole object; readers see the old bytes or the new, never a part.
  void put(std::string_view key, std::span<const std::uint8_t> bytes) const;
  void put(std::string_view key, std::string_view bytes) const;
  /// Throws NotFound.
  Bytes get(std::string_view key) const;
  /// Bytes [offset, offset + length), cut at the object's end.
  Bytes get(std::string_view key, std::int64_t offset, std::int64_t length) const;
  ObjectInfo info(std::string_view key) const;
  /// Keys that begin with `prefix`, in order of their bytes.
  ObjectListing list(std::string_view prefix = "", ListOptions options = {}) const;
  /// Removing what does not exist is no error.
  void remove(std::string_view key) const;
  /// Removes the object `key` and every object of the folder `key`, or with "" all there are; returns how many.
  /// "runs/1" and "runs/1/" do not touch "runs/10".
  std::int64_t remove_all(std::string_view key) const;
  /// Removes the bucket (or folder), which must be empty.
  void remove_bucket() const;

  const std::string& uri() const { return uri_; }

 private:
  friend Storage storage(std::string_view uri, StorageOptions options);
  Storage(std::string uri, std::string root, std::shared_ptr<ObjectStore> store);
  std::string uri_;
  std::string root_;  // bucket, or absolute folder
  std::shared_ptr<ObjectStore> store_;
};

/// Opens a bucket or folder by URI: "s3://bucket", "file:///folder", or a path. Sends nothing.
/// Throws InvalidArgument, Unsupported ("gs://" and "abfs://" until they are built).
Storage storage(std::string_view uri, StorageOptions options = {});

/// Names one object without opening it: a small value that can be an argument, a row's column or a bound argument.
/// It holds no credentials: reads use the process's, or those of the options, which are the ones that its listing had.
struct ObjectHandle {
  std::string uri{};
  std::string key{};
  std::int64_t size = -1;  ///< -1 = not known.
  std::string etag{};      ///< Reads fail with `changed` when the object no longer has it; empty = any.

  /// A sequential reader with read-ahead. Throws NotFound and the rest of Storage::get.
  class Reader;
  Reader open(const StorageOptions& storage = {}) const;
  /// All bytes.
  Bytes read(const StorageOptions& storage = {}) const;
};

class ObjectHandle::Reader {
 public:
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();
  /// Up to out.size() next bytes; 0 at the end. An error is final: later calls throw it again.
  std::size_t read(std::span<std::uint8_t> out);
  std::int64_t size() const;

 private:
  friend struct ObjectHandle;
  struct State;
  explicit Reader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shoal::data::inline v1

namespace shoal::inline v1 {

/// Shares the bytes.
template <>
struct Codec<data::Bytes> {
  static constexpr std::size_t k_bytes_min = 1;
  static void encode(Encoder& to, const data::Bytes& bytes);
  static void decode(Decoder& from, data::Bytes& bytes);
};

}  // namespace shoal::inline v1
