#include "data/plan/consume/spill_file.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <shoal/base/bytes.h>

#include "data/io/arrow_status.h"

namespace shoal::data {
namespace {

ErrorCode code_of_errno(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ErrorCode::no_space;
    case ENOENT:
    case ENOTDIR: return ErrorCode::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::permission_denied;
    default: return ErrorCode::io;
  }
}

/// A file that nobody else can open; -1 with errno.
int open_unlinked(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
  std::string name = folder + "/shoal-spill-XXXXXX";  // a file system without O_TMPFILE
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

/// Appends to a descriptor from a place on; keeps the errno of the first failure. Never buffers.
class DescriptorStream final : public arrow::io::OutputStream {
 public:
  DescriptorStream(int fd, std::int64_t begin) : fd_(fd), begin_(begin), end_(begin) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return end_ - begin_; }
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, std::int64_t bytes) override {
    const char* at = static_cast<const char*>(data);
    while (bytes > 0) {
      const ssize_t written = ::pwrite(fd_, at, static_cast<std::size_t>(bytes), end_);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        error_ = errno;
        return arrow::Status::IOError(std::strerror(error_));
      }
      at += written;
      bytes -= written;
      end_ += written;
    }
    return arrow::Status::OK();
  }

  int error() const { return error_; }
  std::int64_t end() const { return end_; }

 private:
  const int fd_;
  const std::int64_t begin_;
  std::int64_t end_;
  int error_ = 0;
  bool closed_ = false;
};

Status write_stream(const Rows& block, DescriptorStream& out) {
  SHOAL_ASSIGN_OR_RETURN(const auto writer, from_arrow(arrow::ipc::MakeStreamWriter(&out, block->schema())));
  SHOAL_RETURN_IF_ERROR(from_arrow(writer->WriteRecordBatch(*block)));
  return from_arrow(writer->Close());
}

}  // namespace

Result<std::unique_ptr<SpillFile>> SpillFile::open(const std::string& folder) {
  const int fd = open_unlinked(folder);
  if (fd >= 0) return std::unique_ptr<SpillFile>(new SpillFile(fd, folder));
  const int error = errno;
  return Status(code_of_errno(error), "cannot make a spill file in " + folder + ": " + std::strerror(error) +
                                          "; name another folder with RunOptions.spill_dir");
}

SpillFile::~SpillFile() { ::close(fd_); }

Result<SpillFile::Place> SpillFile::write(const Rows& block, std::int64_t bytes) {
  DescriptorStream out(fd_, size_);
  const Status written = write_stream(block, out);
  if (!written.ok() && out.error() != 0) {
    return Status(code_of_errno(out.error()),
                  "cannot spill a block to " + folder_ + ", which needs " + format_bytes(bytes) + " more after " +
                      format_bytes(size_) + ": " + std::strerror(out.error()) +
                      "; free space there or name another folder with RunOptions.spill_dir");
  }
  SHOAL_RETURN_IF_ERROR(written);
  const Place place{size_, out.end() - size_};
  size_ = out.end();
  return place;
}

Result<Rows> SpillFile::read(const Place& place, arrow::MemoryPool* pool) const {
  SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bytes, from_arrow(arrow::AllocateBuffer(place.length, pool)));
  for (std::int64_t done = 0; done < place.length;) {
    const ssize_t got = ::pread(fd_, bytes->mutable_data() + done, static_cast<std::size_t>(place.length - done),
                                place.offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return Status(ErrorCode::io, "cannot read a spilled block of " + folder_ + ": " + std::strerror(errno));
    if (got == 0) return Status(ErrorCode::corrupt_data, "a spilled block of " + folder_ + " is cut off");
    done += got;
  }
  arrow::ipc::IpcReadOptions options;
  options.memory_pool = pool;
  options.use_threads = false;
  SHOAL_ASSIGN_OR_RETURN(const auto reader, from_arrow(arrow::ipc::RecordBatchStreamReader::Open(
                                                           std::make_shared<arrow::io::BufferReader>(bytes), options),
                                                       ErrorCode::corrupt_data));
  Rows rows;
  SHOAL_RETURN_IF_ERROR(from_arrow(reader->ReadNext(&rows), ErrorCode::corrupt_data));
  if (rows == nullptr) return Status(ErrorCode::corrupt_data, "a spilled block of " + folder_ + " is empty");
  SHOAL_RETURN_IF_ERROR(from_arrow(rows->ValidateFull(), ErrorCode::corrupt_data));
  return rows;
}

}  // namespace shoal::data
