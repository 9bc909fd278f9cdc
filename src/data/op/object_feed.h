#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <shoal/data/options.h>

#include "base/status.h"
#include "data/io/object_store.h"
#include "data/plan/node.h"

namespace shoal::data {

/// What a listing is of, and what of it is wanted.
struct ObjectFeedSpec {
  std::vector<std::string> uris{};      ///< Read in this order.
  std::vector<std::string> suffixes{};  ///< Only keys that end in one of them; empty = all.
  StorageOptions storage{};
  bool recursive = true;
  bool hidden = false;  ///< Also components that begin with "." or "_", and "folder" objects.
};

/// The objects of all URIs in order, one listing after the other. What a URI means is tried in this order, until
/// something is found: the object of that name; if its last component has "*", "?" or "[", the objects of the folder
/// before it that match, and what is in the folders that match; the folder of that name; on S3, where there is no such
/// folder either, the objects whose keys begin so. One thread.
class ObjectFeed {
 public:
  /// Both outlive it.
  ObjectFeed(const ObjectFeedSpec& spec, const StepContext& context) : spec_(spec), context_(context) {}

  /// The next objects that are wanted; empty at the end. Errors: not_found where a URI has none, naming it; cancelled;
  /// the store's.
  Result<std::vector<ObjectInfo>> next_page();

 private:
  /// One meaning of a URI.
  struct Meaning {
    Location location;
    std::string pattern{};       ///< Of the names in the folder `location`; empty = all.
    std::size_t named = 0;       ///< Bytes of the keys before the first component that may be hidden.
    bool names_hidden = false;   ///< That first component was itself named with "." or "_".
    bool unless_folder = false;  ///< Not this meaning where the one before is a folder, though nothing is wanted.
  };

  Status open_uri();
  Status open_meaning();
  Result<std::vector<ObjectInfo>> listed_page();
  Result<std::vector<ObjectInfo>> matching_page();
  /// Nothing wanted was found in this meaning: goes to the next one, or tells what is missing.
  Status try_next_meaning();
  Status nothing_found() const;
  Result<bool> is_folder(const Location& folder) const;
  ListOptions list_options(bool recursive) const;
  bool is_wanted(const ObjectInfo& object) const;
  bool matches(const ObjectInfo& entry) const;
  const std::string& uri() const { return spec_.uris[at_]; }
  const Meaning& meaning() const { return meanings_[meaning_]; }

  const ObjectFeedSpec& spec_;
  const StepContext& context_;
  std::size_t at_ = 0;              // in uris
  bool is_open_ = false;            // that URI
  bool has_objects_ = false;        // of that URI
  std::vector<ObjectInfo> single_;  // the URI is this one file
  Status denied_;                   // whether it is one could not be asked
  std::vector<Meaning> meanings_;
  std::size_t meaning_ = 0;
  std::unique_ptr<ObjectLister> lister_;   // of that meaning
  std::deque<ObjectInfo> entries_;         // of a folder, to be matched
  std::unique_ptr<ObjectLister> matched_;  // of a folder in it that matches
};

}  // namespace shoal::data
