#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include <shoal/data/batch.h>
#include <shoal/data/typed_rows.h>

namespace shoal::data::inline v1 {

namespace detail {

/// The batches of a run, which starts at the first next(). Destroying it ends the run and waits for it.
class BatchStream {
 public:
  virtual ~BatchStream() = default;
  /// Ends the run there is; the next one starts at next(). Throws InvalidArgument in any thread but the one that called
  /// it first, and changes nothing then.
  virtual void restart() = 0;
  /// The next batch; not set at the end. Blocks. Throws what ended the run. One thread.
  virtual std::optional<Batch> next() = 0;
  /// Ctrl-C came: next() throws, and rows of the last batch are not to be handed out any more.
  virtual bool is_interrupted() const = 0;
};

}  // namespace detail

/// What iter_batches() gives: an input range. Each begin() starts a run of its own (an epoch) and ends the one before;
/// destroying the range, as a loop over a temporary does, ends the run too. What goes wrong in the run is thrown by
/// begin() and ++; after Ctrl-C they throw Cancelled. A batch may be kept longer than the range, but counts against the
/// run's memory budget as long as it is. One thread: begin() throws InvalidArgument in a second one.
class BatchRange {
 public:
  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    const Batch& operator*() const { return *range_->current_; }
    const Batch* operator->() const { return &*range_->current_; }
    iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) { return it.is_at_end(); }

   private:
    friend class BatchRange;
    explicit iterator(BatchRange* range) : range_(range) {}
    bool is_at_end() const { return !range_->current_; }
    BatchRange* range_ = nullptr;
  };

  explicit BatchRange(std::unique_ptr<detail::BatchStream> stream) : stream_(std::move(stream)) {}

  iterator begin() {
    if (stream_ != nullptr) stream_->restart();
    advance();
    return iterator(this);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  void advance() {
    current_.reset();  // its memory is free before more is asked for
    if (stream_ != nullptr) current_ = stream_->next();
  }

  std::unique_ptr<detail::BatchStream> stream_;
  std::optional<Batch> current_;
};

/// What iter_rows() gives: rows one by one, as dynamic rows or as plain structs. Otherwise as BatchRange.
template <class T>
class RowRange {
 public:
  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    T& operator*() const { return *range_->current_; }
    T* operator->() const { return &*range_->current_; }
    iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) { return it.is_at_end(); }

   private:
    friend class RowRange;
    explicit iterator(RowRange* range) : range_(range) {}
    bool is_at_end() const { return !range_->current_; }
    RowRange* range_ = nullptr;
  };

  explicit RowRange(std::unique_ptr<detail::BatchStream> stream) : stream_(std::move(stream)) {}

  iterator begin() {
    if (stream_ != nullptr) stream_->restart();
    next_ = rows_ = 0;
    advance();
    return iterator(this);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  void advance() {
    current_.reset();
    if (stream_ == nullptr) return;
    while (next_ == rows_ || stream_->is_interrupted()) {
      next_ = rows_ = 0;
      reader_.close();
      batch_ = Batch();
      std::optional<Batch> batch = stream_->next();
      if (!batch) return;
      batch_ = std::move(*batch);
      reader_.open(batch_.to_arrow());
      next_ = 0;
      rows_ = batch_.num_rows();
    }
    current_.emplace(reader_.read(next_++));
  }

  std::unique_ptr<detail::BatchStream> stream_;
  Batch batch_;
  detail::RowReader<T> reader_;
  std::int64_t next_ = 0;  // in batch_
  std::int64_t rows_ = 0;
  std::optional<T> current_;
};

}  // namespace shoal::data::inline v1
