#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "store/place.h"

/// Pins without messages (docs/STORE.md argues why no pin is missed). The daemon writes a *directory*, one word for each
/// object; a process writes a *table* of its own, one count for each. Both lie in memory that both have mapped.
///
///     pin:    count += 1; pinned if the directory's word still says this stay, open; else count -= 1
///     evict:  close the word; evicted if all counts are 0; else open the word again
///
/// Each side writes first and reads then, all in one order (seq_cst): at least one of them sees the other.
namespace shoal::store {

/// The generation of a stay, and in the lowest bit whether it may be pinned.
using DirectoryWord = std::atomic<std::uint64_t>;
using PinCount = std::atomic<std::uint32_t>;
static_assert(DirectoryWord::is_always_lock_free && PinCount::is_always_lock_free, "processes share them");

/// A process's side. Any thread may call it; the memory outlives it.
///
/// Whoever lets a count of a closed slot become 0 rings: it tells the daemon the slot (Core::on_unpinned), which may be
/// waiting for that. A ring too many does no harm.
class PinTable {
 public:
  /// What became of a pin: held; or the stay has ended or is about to, so ask the daemon for the object, and maybe ring.
  enum class Pin : std::uint8_t { held, gone, gone_ring };

  PinTable(std::span<PinCount> counts, std::span<const DirectoryWord> directory)
      : counts_(counts), directory_(directory) {}

  [[nodiscard]] Pin pin(const Residence& residence);
  /// Ends one pin; the bytes may be gone from now on. True: ring.
  [[nodiscard]] bool unpin(const Residence& residence) { return leave(residence.slot); }

 private:
  bool leave(std::uint32_t slot);

  std::span<PinCount> counts_;
  std::span<const DirectoryWord> directory_;
};

/// The daemon's side: which stays there are, and who pins them. One thread at a time; the memory outlives it, and is zero
/// in the beginning.
class PinBoard {
 public:
  explicit PinBoard(std::span<DirectoryWord> directory) : directory_(directory) {}

  /// A process that may pin from now on; its counts are as many as the directory has words.
  void attach(ProcessId process, std::span<const PinCount> counts) { tables_.emplace_back(process, counts); }
  /// It is gone, and its pins with it.
  void detach(ProcessId process);

  /// Nothing where all are in use.
  std::optional<std::uint32_t> take_slot();
  /// Precondition: closed, and nobody pins it.
  void give_back(std::uint32_t slot);
  std::size_t slots_in_use() const { return next_ - free_.size(); }

  /// A new stay begins: it may be pinned.
  Residence open(std::uint32_t slot);
  /// No pin succeeds from now on. True where nobody pins it: its pages may be used for something else.
  [[nodiscard]] bool close(const Residence& residence);
  /// A stay that was closed goes on.
  void reopen(const Residence& residence);

  bool is_pinned(std::uint32_t slot) const;
  /// Who pins it how often, in the order of attaching. A pin that is about to fail may be among them.
  std::vector<std::pair<ProcessId, std::uint32_t>> pins(std::uint32_t slot) const;

 private:
  std::span<DirectoryWord> directory_;
  std::vector<std::pair<ProcessId, std::span<const PinCount>>> tables_;
  std::vector<std::uint32_t> free_;
  std::uint32_t next_ = 0;  // from here on none was ever used
};

}  // namespace shoal::store
