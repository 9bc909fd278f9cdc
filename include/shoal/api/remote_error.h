#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <shoal/api/options.h>
#include <shoal/base/error.h>
#include <shoal/base/ids.h>
#include <shoal/base/type_name.h>
#include <shoal/wire/codec.h>

namespace shoal::wire {
struct Failure;
}

namespace shoal::inline v1 {

/// What get() throws for a task that failed, in whatever process it ran: derives from this and from the standard exception
/// that was thrown there, or the nearest class of the standard library that it derives from; from the exception's own type
/// where that was registered; from shoal::TaskFailed where there is neither, and for what befell the task, from WorkerDied,
/// OwnerDied and so on. Catch whichever says what you need.
class RemoteError {
 public:
  RemoteError(std::shared_ptr<const wire::Failure> failure, std::string text)
      : failure_(std::move(failure)), text_(std::move(text)) {}
  virtual ~RemoteError() = default;

  ErrorCode code() const;
  /// What went wrong, where, and why, as what() of the exception says it.
  const std::string& text() const { return text_; }
  /// The name of the task, which attempt it was, counted from 0, and the process where it ran.
  const std::string& task() const;
  std::uint32_t attempt() const;
  ProcessId process() const;
  /// The type of the exception that was thrown there; empty where none was.
  const std::string& type() const;
  /// What it said there; empty where none was thrown.
  const std::string& message() const;
  /// What this failure came from, the last thing that happened first.
  std::vector<std::string> causes() const;

 private:
  std::shared_ptr<const wire::Failure> failure_;
  std::string text_;
};

namespace detail {

template <class E>
bool is_in_flight() {
  try {
    throw;
  } catch (const E&) { return true; } catch (...) {
    return false;
  }
}

/// How exceptions of one type travel.
struct RegisteredException {
  std::string name;
  bool (*is_in_flight)() = nullptr;
  Payload (*encode)(const std::string& text) = nullptr;  ///< Of the exception in flight, which is one.
  void (*raise)(const Payload& value, const std::string& text, RemoteError where) = nullptr;
};
void register_exception(const RegisteredException& type);

template <class E>
class RemoteOf final : public E, public RemoteError {
 public:
  RemoteOf(E original, RemoteError where) : E(std::move(original)), RemoteError(std::move(where)) {}
};

/// By its Codec, or as a plain struct; else it is made of its text again.
template <class E>
struct ExceptionCodec {
  static Payload encode(const std::string& text) {
    if constexpr (is_serialisable<E>) {
      try {
        throw;
      } catch (const E& exception) { return to_payload(exception); }
    } else {
      return to_payload(text);
    }
  }
  [[noreturn]] static void raise(const Payload& value, const std::string&, RemoteError where) {
    if constexpr (is_serialisable<E>) {
      throw RemoteOf<E>(from_payload<E>(value), std::move(where));
    } else {
      throw RemoteOf<E>(E(from_payload<std::string>(value)), std::move(where));
    }
  }
};

}  // namespace detail

template <class... Exception>
RetryOn retry_on() {
  return {detail::ExceptionType{std::string(full_type_name<Exception>()), &detail::is_in_flight<Exception>}...};
}

/// From now on exceptions of type E that tasks throw are thrown by get() as they were: what is thrown derives from E. Call it
/// at the begin of main(), before the session, so that workers do it too; a type after those that it derives from.
/// E has a Codec, is a plain struct, or can be made of its what().
template <class E>
void register_exception() {
  constexpr bool travels = is_serialisable<E> || std::is_constructible_v<E, std::string>;
  static_assert(
      travels,
      "shoal: this exception cannot travel: give it a constructor that takes the text of what(), or specialise "
      "shoal::Codec for it");
  static_assert(!std::is_final_v<E>,
                "shoal: get() throws something derived from the exception, which must not be final");
  if constexpr (travels && !std::is_final_v<E>) {
    using Codec = detail::ExceptionCodec<E>;
    detail::register_exception(
        {std::string(full_type_name<E>()), &detail::is_in_flight<E>, &Codec::encode, &Codec::raise});
  }
}

}  // namespace shoal::inline v1
