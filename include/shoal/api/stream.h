#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

#include <shoal/api/arguments.h>
#include <shoal/api/get.h>
#include <shoal/api/ref.h>
#include <shoal/base/members.h>
#include <shoal/shell/task_call.h>
#include <shoal/wire/codec.h>

namespace shoal::inline v1 {

/// Where a task puts items while it runs: the last parameter of its function, see submit(). It belongs to that call, and to
/// one thread at a time.
template <class T>
class Sink {
 public:
  explicit Sink(detail::TaskCall& task) : task_(task) {}
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// Gives the next item. Waits while more bytes are under way than the consumer wants: then the task lends its CPU. False
  /// where nobody wants any more: return soon.
  bool push(const T& item) { return task_.yield(to_payload(item, detail::large_memory())); }

 private:
  detail::TaskCall& task_;
};

namespace detail {

/// The next item; empty at the stream's end. Throws what the task failed with once all items before that were taken,
/// Timeout, and InvalidArgument where the handle is empty.
Handle next_item(const Handle& stream, const Deadline& deadline);
void drop_stream(const Handle& stream);

template <class P>
struct SinkParameter {
  static constexpr bool k_is = false;
};
template <class T>
struct SinkParameter<Sink<T>&> {
  static constexpr bool k_is = true;
  using type = T;
};

/// The parameters without a sink at their end, and what that takes.
template <class Taken, class... P>
struct SplitSink {
  using Parameters = Taken;
  using Item = void;
};
template <class... Taken, class P, class... Rest>
struct SplitSink<members::Types<Taken...>, P, Rest...> : SplitSink<members::Types<Taken..., P>, Rest...> {};
template <class... Taken, class T>
struct SplitSink<members::Types<Taken...>, Sink<T>&> {
  using Parameters = members::Types<Taken...>;
  using Item = T;
};
template <class Parameters>
struct Inputs;
template <class... P>
struct Inputs<members::Types<P...>> : SplitSink<members::Types<>, P...> {};

}  // namespace detail

/// The items of a task that gives them while it runs, in order, each as a reference; see submit(). Dropping it ends the task
/// (is_cancelled(), and push() gives false). It stays in the process that submitted; one thread at a time uses it.
///
///     for (const shoal::Ref<Frame>& frame : shoal::submit(frames, path)) show(shoal::get(frame));
template <class T>
class RefStream {
 public:
  /// Empty until it is assigned to.
  RefStream() = default;
  explicit RefStream(detail::Handle handle) : handle_(std::move(handle)) {}
  RefStream(RefStream&&) noexcept = default;
  RefStream& operator=(RefStream&& other) noexcept {
    if (handle_) detail::drop_stream(handle_);
    handle_ = std::move(other.handle_);
    return *this;
  }
  ~RefStream() {
    if (handle_) detail::drop_stream(handle_);
  }

  /// Waits for the next item; none at the end. Items that wait here are bounded in bytes, and the task waits for them to be
  /// taken. Errors: what the task threw, or what befell it, after the items before that; Timeout.
  std::optional<Ref<T>> next(const GetOptions& options = {}) {
    detail::Handle item = detail::next_item(handle_, detail::deadline_of(options.timeout));
    if (!item) return std::nullopt;
    Ref<T> ref;
    detail::Handles::of(ref)[0] = std::move(item);
    return ref;
  }

  /// Reads the stream forwards, once.
  class Iterator {
   public:
    using value_type = Ref<T>;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(RefStream& stream) : stream_(&stream), item_(stream.next()) {}
    const Ref<T>& operator*() const { return *item_; }
    Iterator& operator++() {
      item_ = stream_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return !it.item_; }

   private:
    RefStream* stream_;
    std::optional<Ref<T>> item_;
  };
  Iterator begin() { return Iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  detail::Handle handle_;
};

}  // namespace shoal::inline v1
