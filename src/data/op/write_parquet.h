#pragma once

#include <memory>
#include <string>
#include <vector>

#include <shoal/data/table_options.h>

#include "base/interrupt.h"
#include "data/io/object_store.h"
#include "data/plan/node.h"

namespace shoal::data {

class PendingUploads;

/// One write of a plan's rows as Parquet files below a URI:
///
///     auto job = WriteJob::start(uri, options, storage);   // refuses a target that is not empty
///     run(job->node(plan)) { job->collect(block); }        // fragments make files, which stay invisible
///     WriteReport report = job->commit();                  // all of them appear
///
/// A fragment makes the files "part-<ordinal>.parquet", or "part-<ordinal>-<n>.parquet" where a file size is set;
/// one without rows makes none. Destroying the job without commit() leaves nothing behind; the run must have ended
/// before. Ctrl-C makes the commit take back what it has made visible. One thread, but for the fragments.
class WriteJob {
 public:
  /// Errors: already_exists (something is at the target), invalid_argument (options), unsupported, the store's.
  static Result<std::unique_ptr<WriteJob>> start(const std::string& uri, const WriteOptions& options,
                                                 StorageClients& storage);
  ~WriteJob();
  WriteJob(const WriteJob&) = delete;
  WriteJob& operator=(const WriteJob&) = delete;

  /// `input` with the step that writes at its end. Its rows (file, rows, bytes) say what was written. Errors of the
  /// run: no_space and others of the store; schema_mismatch where two fragments have different columns; unsupported
  /// (a type that Parquet has not).
  NodePtr node(NodePtr input) const;
  /// Takes a block of the run.
  void collect(const Rows& rows);
  /// Makes all collected files visible, or none. Call once, after the last block. Errors: cancelled (Ctrl-C came since
  /// the start), the store's.
  Result<WriteReport> commit();
  /// Removes all files at once, those that fragments write at the moment and those of a commit under way too. Any thread.
  void abort() { discard(*uploads_, *target_); }

 private:
  struct Target;
  WriteJob(std::shared_ptr<const Target> target, std::vector<std::string> missing_folders);
  static void discard(PendingUploads& uploads, const Target& target);

  const std::shared_ptr<const Target> target_;
  const std::shared_ptr<PendingUploads> uploads_;
  const std::vector<std::string> missing_folders_;  // Local ones that did not exist before, innermost first.
  std::vector<std::string> files_;
  WriteReport report_;
  /// From before the run to after the commit: the run's own ends with its last block.
  const InterruptRegistration interrupt_;
};

}  // namespace shoal::data
