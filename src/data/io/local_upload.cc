#include "data/io/local_upload.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>
#include <vector>

#include "data/io/local_lister.h"
#include "data/io/posix_file.h"

namespace shoal::data {
namespace {

class LocalUpload final : public Upload {
 public:
  LocalUpload(std::string path, Durability durability, std::shared_ptr<std::atomic<std::int64_t>> bytes_written)
      : path_(std::move(path)),
        durability_(durability),
        folder_(parent_folder(path_)),
        unfinished_((folder_ == "/" ? "" : folder_) + "/" + unfinished_name()),
        bytes_written_(std::move(bytes_written)) {}
  ~LocalUpload() override { abort(); }

  /// Leaves nothing where it fails.
  Status open() {
    Status status = create();
    if (!status.ok()) remove_made_folders();
    return status;
  }
  Status write(std::span<const std::uint8_t> bytes) override;
  Status finish() override;
  Status commit() override;
  void abort() override;

 private:
  Status create();
  Status make_folders();
  void remove_made_folders();

  const std::string path_;
  const Durability durability_;
  const std::string folder_;
  const std::string unfinished_;
  const std::shared_ptr<std::atomic<std::int64_t>> bytes_written_;
  std::vector<std::string> made_folders_;  // outermost first; constant after open()
  Fd fd_;                                  // of the thread that writes; closed with this object at the latest
  std::atomic<bool> is_open_{false};       // the unfinished file exists
};

Status LocalUpload::create() {
  // An upload that is aborted beside this one may take an empty folder away between the two calls, so try again.
  for (int attempt = 0; attempt < 8; ++attempt) {
    fd_.reset(::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (fd_.is_open()) {
      is_open_ = true;
      return Status();
    }
    if (errno != ENOENT) break;
    SHOAL_RETURN_IF_ERROR(make_folders());
  }
  return errno_status(errno, "create a file in", folder_);
}

Status LocalUpload::make_folders() {
  // Outwards to the first folder that exists or can be made, then inwards again.
  std::vector<std::string> missing;
  for (std::string folder = folder_;; folder = parent_folder(folder)) {
    if (::mkdir(folder.c_str(), 0777) == 0) {
      made_folders_.push_back(folder);
      break;
    }
    if (errno == EEXIST) break;
    if (errno != ENOENT || folder == "/") return errno_status(errno, "create folder", folder);
    missing.push_back(folder);
  }
  for (auto it = missing.rbegin(); it != missing.rend(); ++it) {
    if (::mkdir(it->c_str(), 0777) == 0) {
      made_folders_.push_back(*it);
    } else if (errno != EEXIST && errno != ENOENT) {
      return errno_status(errno, "create folder", *it);
    }
  }
  return Status();
}

Status LocalUpload::write(std::span<const std::uint8_t> bytes) {
  if (!is_open_) return Status(ErrorCode::cancelled, "writing " + path_ + " was given up");
  SHOAL_RETURN_IF_ERROR(write_all(fd_.get(), bytes, path_));
  bytes_written_->fetch_add(static_cast<std::int64_t>(bytes.size()), std::memory_order_relaxed);
  return Status();
}

Status LocalUpload::finish() {
  if (!fd_.is_open()) return Status();
  if (durability_ == Durability::flushed) SHOAL_RETURN_IF_ERROR(sync_file(fd_.get(), path_));
  // Closing may report what the disk refused, on network file systems above all.
  if (::close(fd_.release()) != 0 && errno != EINTR) return errno_status(errno, "write", path_);
  return Status();
}

Status LocalUpload::commit() {
  if (::rename(unfinished_.c_str(), path_.c_str()) != 0) return errno_status(errno, "create", path_);
  is_open_ = false;
  if (durability_ == Durability::written_back) return Status();
  for (const std::string& made : made_folders_) SHOAL_RETURN_IF_ERROR(sync_folder(parent_folder(made)));
  return sync_folder(folder_);
}

void LocalUpload::abort() {
  if (!is_open_.exchange(false)) return;
  ::unlink(unfinished_.c_str());
  remove_made_folders();
}

void LocalUpload::remove_made_folders() {
  for (auto it = made_folders_.rbegin(); it != made_folders_.rend(); ++it) ::rmdir(it->c_str());
}

}  // namespace

Result<std::unique_ptr<Upload>> start_local_upload(std::string path, Durability durability,
                                                   std::shared_ptr<std::atomic<std::int64_t>> bytes_written) {
  auto upload = std::make_unique<LocalUpload>(std::move(path), durability, std::move(bytes_written));
  SHOAL_RETURN_IF_ERROR(upload->open());
  return std::unique_ptr<Upload>(std::move(upload));
}

}  // namespace shoal::data
