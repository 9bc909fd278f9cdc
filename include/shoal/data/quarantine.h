#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::data::inline v1 {

/// A row that a reader left out.
struct QuarantinedRow {
  std::string path{};       ///< Of the file.
  std::int64_t offset = 0;  ///< Byte in the file where the row begins; 0 for whole files.
  std::string error{};      ///< Why.
  friend bool operator==(const QuarantinedRow&, const QuarantinedRow&) = default;
};

namespace detail {
/// The rows that all copies of a Quarantine share. Thread-safe.
class QuarantineLog {
 public:
  QuarantineLog();
  /// Keeps the row; false where that makes more than `max_rows`. A row that is kept already, from an earlier attempt
  /// or epoch, is not counted again.
  bool add(QuarantinedRow row, std::int64_t max_rows) const;
  std::int64_t count() const;
  std::vector<QuarantinedRow> rows() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};
}  // namespace detail

/// Where rows go that a reader cannot read, instead of ending the run: files that are cut off or no images, lines that
/// are no UTF-8. Given in a reader's options; copies share the rows, so it can be asked during and after the run.
/// Errors of the store are no matter of a row and always end the run.
///
///     sd::Quarantine bad{.max_rows = 10};
///     auto images = sd::read_images(uri, {.quarantine = bad});
///     ...
///     for (const sd::QuarantinedRow& row : bad.rows()) std::cerr << row.path << ": " << row.error << "\n";
struct Quarantine {
  std::int64_t max_rows = 100;  ///< One more ends the run with that row's error.
  detail::QuarantineLog log{};  ///< Shared by copies; use count() and rows().

  /// Different rows so far.
  std::int64_t count() const { return log.count(); }
  /// In order of path and offset.
  std::vector<QuarantinedRow> rows() const { return log.rows(); }
};

}  // namespace shoal::data::inline v1
