#include "data/op/object_feed.h"

#include <fnmatch.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "data/io/uri.h"

namespace shoal::data {
namespace {

bool begins_hidden(std::string_view name) { return name.starts_with('.') || name.starts_with('_'); }

/// Whether a component of `key` from byte `begin` on is hidden, or the key is a "folder".
bool is_hidden(std::string_view key, std::size_t begin) {
  if (key.ends_with('/')) return true;
  while (begin < key.size()) {
    if (begins_hidden(key.substr(begin))) return true;
    const std::size_t slash = key.find('/', begin);
    if (slash == std::string_view::npos) break;
    begin = slash + 1;
  }
  return false;
}

bool is_pattern(std::string_view name) { return name.find_first_of("*?[") != std::string_view::npos; }

}  // namespace

Status ObjectFeed::open_uri() {
  ++context_.counters->requests;
  SHOAL_ASSIGN_OR_RETURN(Location location, context_.storage->locate(uri(), spec_.storage));
  is_open_ = true;
  has_objects_ = false;
  denied_ = Status();
  meanings_.clear();
  meaning_ = 0;
  const std::string& key = location.key;
  if (key.empty() || key.ends_with('/')) {
    const std::size_t named = key.size();
    meanings_.push_back({std::move(location), "", named});
    return open_meaning();
  }
  Result<ObjectInfo> file = location.store->info(location.root, key, context_.stop);
  if (file.ok()) {
    single_.push_back(std::move(*file));
    return Status();
  }
  // Who may read a folder alone may not ask for an object beside it.
  if (file.status().code() == ErrorCode::permission_denied) {
    denied_ = file.status();
  } else if (file.status().code() != ErrorCode::not_found) {
    return file.status();
  }
  const bool is_s3 = parse_uri(uri())->scheme == UriScheme::s3;
  const std::size_t name_at = key.rfind('/') + 1;  // 0 where there is no slash
  const std::string name = key.substr(name_at);
  if (is_pattern(name)) {
    Location folder{location.store, location.root, key.substr(0, name_at)};
    if (!is_s3) {  // keys of files are below their folder
      folder = {location.store, location.root + folder.key.substr(0, folder.key.empty() ? 0 : folder.key.size() - 1),
                ""};
    }
    const std::size_t named = folder.key.size();
    meanings_.push_back({std::move(folder), name, named, begins_hidden(name)});
  }
  SHOAL_ASSIGN_OR_RETURN(Location folder, context_.storage->locate(uri() + "/", spec_.storage));
  const std::size_t named = folder.key.size();
  meanings_.push_back({std::move(folder), "", named});
  if (is_s3 && !is_pattern(name)) meanings_.push_back({std::move(location), "", name_at, begins_hidden(name), true});
  return open_meaning();
}

ListOptions ObjectFeed::list_options(bool recursive) const {
  ListOptions options;
  options.recursive = recursive;
  options.suffixes = spec_.suffixes;
  return options;
}

Status ObjectFeed::open_meaning() {
  const Location& place = meaning().location;
  auto lister = place.store->list(place.root, place.key, list_options(spec_.recursive && meaning().pattern.empty()),
                                  context_.stop);
  if (!lister.ok()) {
    const bool may_be_none = meaning_ > 0 || is_pattern(uri());
    if (!denied_.ok() || (may_be_none && lister.status().code() == ErrorCode::not_found)) return nothing_found();
    return lister.status();
  }
  lister_ = std::move(*lister);
  return Status();
}

Result<bool> ObjectFeed::is_folder(const Location& folder) const {
  ++context_.counters->requests;
  SHOAL_ASSIGN_OR_RETURN(const auto lister,
                         folder.store->list(folder.root, folder.key, {.recursive = false}, context_.stop));
  SHOAL_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> page, lister->next_page());
  return !page.empty();
}

Status ObjectFeed::try_next_meaning() {
  if (meaning_ + 1 >= meanings_.size()) return nothing_found();
  if (meanings_[meaning_ + 1].unless_folder) {
    SHOAL_ASSIGN_OR_RETURN(const bool exists, is_folder(meaning().location));
    if (exists) return nothing_found();
  }
  ++meaning_;
  return open_meaning();
}

Status ObjectFeed::nothing_found() const {
  if (!denied_.ok()) return denied_;
  std::string text = (meanings_.front().pattern.empty() ? "no files below " : "no files match ") + uri();
  for (const std::string& suffix : spec_.suffixes) {
    text += (&suffix == &spec_.suffixes.front() ? " that end in " : ", ") + suffix;
  }
  text += "; check the path";
  if (!spec_.hidden) text += " (names that begin with \".\" or \"_\" are left out)";
  if (is_pattern(std::string_view(uri()).substr(0, uri().rfind('/') + 1))) {
    text += " (\"*\", \"?\" and \"[\" are patterns behind the last slash only)";
  }
  return Status(ErrorCode::not_found, std::move(text));
}

bool ObjectFeed::is_wanted(const ObjectInfo& object) const {
  if (spec_.hidden) return true;
  std::size_t begin = meaning().named;
  if (meaning().names_hidden) begin = std::min(object.key.find('/', begin), object.key.size());
  return !object.is_prefix && !is_hidden(object.key, begin);
}

bool ObjectFeed::matches(const ObjectInfo& entry) const {
  std::string name = entry.key.substr(meaning().location.key.size());
  if (entry.is_prefix) name.pop_back();
  return ::fnmatch(meaning().pattern.c_str(), name.c_str(), 0) == 0;
}

/// The next objects that match, or that are in a folder which does: in order of the keys' bytes, like any listing.
Result<std::vector<ObjectInfo>> ObjectFeed::matching_page() {
  std::vector<ObjectInfo> page;
  while (page.empty()) {
    if (matched_ != nullptr) {
      SHOAL_ASSIGN_OR_RETURN(page, matched_->next_page());
      if (page.empty()) matched_.reset();
      continue;
    }
    if (entries_.empty()) {
      SHOAL_ASSIGN_OR_RETURN(std::vector<ObjectInfo> entries, lister_->next_page());
      if (entries.empty()) break;
      entries_.assign(std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end()));
    }
    while (!entries_.empty() && matched_ == nullptr) {
      ObjectInfo entry = std::move(entries_.front());
      const bool is_folder = entry.is_prefix && spec_.recursive;
      if (matches(entry) && is_folder && !page.empty()) {  // first what is before it
        entries_.front() = std::move(entry);
        return page;
      }
      entries_.pop_front();
      if (!matches(entry)) continue;
      if (!is_folder) {
        page.push_back(std::move(entry));
        continue;
      }
      const Location& place = meaning().location;
      SHOAL_ASSIGN_OR_RETURN(matched_, place.store->list(place.root, entry.key, list_options(true), context_.stop));
    }
  }
  return page;
}

Result<std::vector<ObjectInfo>> ObjectFeed::listed_page() {
  ++context_.counters->requests;
  Result<std::vector<ObjectInfo>> page = meaning().pattern.empty() ? lister_->next_page() : matching_page();
  if (!page.ok() && page.status().code() == ErrorCode::permission_denied && !denied_.ok()) return denied_;
  return page;
}

Result<std::vector<ObjectInfo>> ObjectFeed::next_page() {
  while (at_ < spec_.uris.size()) {
    if (context_.is_cancelled()) return Status(ErrorCode::cancelled, "the run was cancelled while listing " + uri());
    if (!is_open_) SHOAL_RETURN_IF_ERROR(open_uri());
    std::vector<ObjectInfo> page = std::exchange(single_, {});
    const bool is_single = !page.empty();
    if (!is_single && lister_ != nullptr) {
      SHOAL_ASSIGN_OR_RETURN(page, listed_page());
      const bool at_end = page.empty();
      std::erase_if(page, [this](const ObjectInfo& object) { return !is_wanted(object); });
      has_objects_ |= !page.empty();
      if (!page.empty()) return page;
      if (!at_end) continue;
      lister_.reset();
      if (!has_objects_) {
        SHOAL_RETURN_IF_ERROR(try_next_meaning());
        continue;
      }
    }
    is_open_ = false;
    ++at_;
    if (is_single) return page;
  }
  return std::vector<ObjectInfo>();
}

}  // namespace shoal::data
