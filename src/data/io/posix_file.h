#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/posix.h"
#include "base/status.h"

namespace shoal::data {

/// Opens an existing file or folder of the machine for reading; never waits for the writer of a pipe.
Result<Fd> open_for_reading(const std::string& path);

/// Bytes [offset, offset + out.size()) of an open file, or fewer where the file ends.
Result<std::size_t> read_at(int fd, std::span<std::uint8_t> out, std::int64_t offset, const std::string& path);

/// Writes all bytes at the descriptor's position. A full disk is `no_space` with what is needed and what is free.
Status write_all(int fd, std::span<const std::uint8_t> bytes, const std::string& path);

/// Makes a file's bytes, or a folder's entries, survive a power loss. A folder of a file system that cannot flush
/// folders is no error.
Status sync_file(int fd, const std::string& path);
Status sync_folder(const std::string& path);

/// The folder that holds `path`, without a slash at its end ("/" stays). Precondition: `path` is absolute.
std::string parent_folder(const std::string& path);

}  // namespace shoal::data
