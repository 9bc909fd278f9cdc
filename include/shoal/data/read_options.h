#pragma once

#include <optional>
#include <string>
#include <vector>

#include <shoal/data/options.h>
#include <shoal/data/quarantine.h>

namespace shoal::data::inline v1 {

/// Options of read_images. JPEG and PNG are read, whatever the files are called.
struct ImageOptions {
  ImageMode mode{};                     ///< `rgb` gives shape {height, width, 3}, `gray` {height, width}; uint8.
  ImageSize size{};                     ///< Resizes all images to one shape; default as stored, so shapes may vary.
  bool include_paths{};                 ///< Adds the column `path`: the file's URI.
  std::vector<std::string> suffixes{};  ///< Only files that end in one of them; default all but ".x" and "_x".
  StorageOptions storage{};
  std::optional<int> parallelism{};        ///< Parts that few files are cut into; default the run's.
  std::optional<Quarantine> quarantine{};  ///< Takes files that are no image; default: the first one ends the run.
};

/// Options of read_binary: one row per file, columns `path` and `bytes`.
struct BinaryOptions {
  bool include_paths = true;
  std::vector<std::string> suffixes{};
  StorageOptions storage{};
  std::optional<int> parallelism{};
};

/// Options of read_text: one row per line, column `text`, without its line end ("\n" or "\r\n").
struct TextOptions {
  bool include_paths{};  ///< Adds the column `path`.
  bool skip_empty_lines{};
  std::vector<std::string> suffixes{};
  StorageOptions storage{};
  std::optional<int> parallelism{};
  std::optional<Quarantine> quarantine{};  ///< Takes lines that are not UTF-8; default: the first one ends the run.
};

}  // namespace shoal::data::inline v1
