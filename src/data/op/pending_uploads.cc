#include "data/op/pending_uploads.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <unordered_map>
#include <utility>

namespace shoal::data {
namespace {

/// A commit is a wait for the store or the disk, so several go on at once.
constexpr std::size_t k_commits_at_once = 8;

Status cancelled() { return Status(ErrorCode::cancelled, "the write was given up"); }

}  // namespace

Status PendingUploads::begin(std::int64_t ordinal) {
  std::vector<std::shared_ptr<Upload>> earlier;
  {
    const Lock lock(mutex_);
    if (closed_) return cancelled();
    for (File& file : files_[ordinal]) earlier.push_back(std::move(file.upload));
    files_.erase(ordinal);
  }
  abort_all(earlier);
  return Status();
}

Status PendingUploads::track(const std::shared_ptr<Upload>& upload) {
  {
    const Lock lock(mutex_);
    if (!closed_) {
      std::erase_if(tracked_, [](const std::weak_ptr<Upload>& known) { return known.expired(); });
      tracked_.push_back(upload);
      return Status();
    }
  }
  upload->abort();
  return cancelled();
}

Status PendingUploads::add(std::int64_t ordinal, const std::string& name, std::shared_ptr<Upload> upload) {
  {
    const Lock lock(mutex_);
    if (!closed_) {
      std::erase_if(tracked_, [&](const std::weak_ptr<Upload>& known) { return known.lock() == upload; });
      files_[ordinal].push_back({name, std::move(upload)});
      return Status();
    }
  }
  upload->abort();
  return cancelled();
}

Result<std::vector<PendingUploads::File>> PendingUploads::take_files(const std::vector<std::string>& names) {
  const Lock lock(mutex_);
  closed_ = true;
  std::unordered_map<std::string, File*> by_name;
  for (auto& [ordinal, made] : files_) {
    for (File& file : made) by_name[file.name] = &file;
  }
  std::vector<File> files;
  for (const std::string& name : names) {
    const auto it = by_name.find(name);
    if (it == by_name.end()) return Status(ErrorCode::internal, name + " was written, but its upload is gone");
    files.push_back(*it->second);
  }
  return files;
}

bool PendingUploads::begin_commit(const File& file) {
  const Lock lock(mutex_);
  if (!stopped_) begun_.push_back(file.name);
  return !stopped_;
}

Status PendingUploads::commit_files(const std::vector<std::string>& names) {
  SHOAL_ASSIGN_OR_RETURN(const std::vector<File> files, take_files(names));
  Mutex result_mutex;
  Status first_error;
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < files.size() && begin_commit(files[i]); i = next++) {
      const Status status = files[i].upload->commit();
      const Lock result_lock(result_mutex);
      if (!status.ok() && first_error.ok()) first_error = status.with_context(files[i].name);
      if (!first_error.ok()) return;
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < std::min(files.size(), k_commits_at_once); ++i) threads.emplace_back(work);
  work();
  threads.clear();
  const Lock lock(mutex_);
  if (first_error.ok() && stopped_) return cancelled();
  if (first_error.ok()) begun_.clear();
  return first_error;
}

void PendingUploads::stop() {
  const Lock lock(mutex_);
  stopped_ = true;
}

std::vector<std::string> PendingUploads::maybe_visible() {
  const Lock lock(mutex_);
  return begun_;
}

void PendingUploads::abort_all(const std::vector<std::shared_ptr<Upload>>& uploads) {
  for (const auto& upload : uploads) upload->start_abort();
  for (auto it = uploads.rbegin(); it != uploads.rend(); ++it) (*it)->abort();  // the maker of their folder last
}

void PendingUploads::abort() {
  std::vector<std::shared_ptr<Upload>> uploads;
  {
    const Lock lock(mutex_);
    closed_ = true;
    for (auto& [ordinal, made] : files_) {
      for (File& file : made) uploads.push_back(std::move(file.upload));
    }
    files_.clear();
    for (const std::weak_ptr<Upload>& known : std::exchange(tracked_, {})) {
      if (auto upload = known.lock()) uploads.push_back(std::move(upload));
    }
  }
  abort_all(uploads);
}

}  // namespace shoal::data
