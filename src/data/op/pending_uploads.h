#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/thread_safety.h"
#include "data/io/object_store.h"

namespace shoal::data {

/// The finished, still invisible files of one write, by the fragment that made them: shared by the fragments, which
/// add, and the driver, which commits all or aborts all. Thread-safe.
class PendingUploads {
 public:
  ~PendingUploads() { abort(); }

  /// An attempt of a fragment begins: files of an earlier attempt are aborted. Errors: cancelled after abort().
  Status begin(std::int64_t ordinal);
  /// Knows of an upload that a fragment makes, so that abort() reaches it although the fragment hangs. Errors: cancelled
  /// after abort(); the upload is then aborted.
  Status track(const std::shared_ptr<Upload>& upload);
  /// Takes a finished upload. Errors: cancelled after abort(); the upload is then aborted.
  Status add(std::int64_t ordinal, const std::string& name, std::shared_ptr<Upload> upload);
  /// Makes the named files visible and aborts all others. Where one fails, or after stop(), the rest is aborted, and
  /// `uncommit` is called with the name of each file that may be visible by then: a commit that failed may have lost
  /// the reply only. Call once. Errors: cancelled (stop()), internal (a name that was not added), the store's.
  template <class Uncommit>
  Status commit(const std::vector<std::string>& names, Uncommit uncommit) {
    const Status status = commit_files(names);
    if (!status.ok()) {
      for (const std::string& name : maybe_visible()) uncommit(name);
    }
    abort();
    return status;
  }
  /// A commit, now or later, gives `cancelled`; one that is done stays. Never waits.
  void stop();
  /// While files are being committed: those whose turn has come.
  std::vector<std::string> maybe_visible();
  /// Aborts everything, and whatever is added later.
  void abort();

 private:
  struct File {
    std::string name;
    std::shared_ptr<Upload> upload;
  };
  Status commit_files(const std::vector<std::string>& names);
  Result<std::vector<File>> take_files(const std::vector<std::string>& names);
  /// False: the commit ends here.
  bool begin_commit(const File& file);
  /// All at once, since a store that does not answer is waited for.
  static void abort_all(const std::vector<std::shared_ptr<Upload>>& uploads);

  Mutex mutex_;
  std::map<std::int64_t, std::vector<File>> files_ GUARDED_BY(mutex_);  // By fragment.
  std::vector<std::weak_ptr<Upload>> tracked_ GUARDED_BY(mutex_);       // Of fragments, which own them.
  std::vector<std::string> begun_ GUARDED_BY(mutex_);  // Commits that have begun, of a write that is not committed.
  bool closed_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace shoal::data
