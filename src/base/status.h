#pragma once

#include <shoal/base/error.h>

#include <cassert>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace shoal::inline v1 {

/// Success, or an error code with its text. Inside Shoal errors are values; they become exceptions at the
/// public border (`throw_if_error`). Copying is cheap: success holds no allocation.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(ErrorCode code, std::string text, std::exception_ptr cause = nullptr)
      : detail_(std::make_shared<const Detail>(Detail{code, std::move(text), std::move(cause)})) {
    assert(code != ErrorCode::ok);
  }

  bool ok() const { return detail_ == nullptr; }
  ErrorCode code() const { return detail_ ? detail_->code : ErrorCode::ok; }
  const std::string& text() const;
  std::exception_ptr cause() const { return detail_ ? detail_->cause : nullptr; }

  /// The same error with "context: " before its text; success stays success.
  Status with_context(const std::string& context) const;
  /// Throws the public exception of this error; returns for success.
  void throw_if_error() const;

  /// The status that describes an exception in flight; call inside a catch block.
  static Status from_current_exception();

 private:
  struct Detail {
    ErrorCode code;
    std::string text;
    std::exception_ptr cause;
  };
  std::shared_ptr<const Detail> detail_;
};

/// A value or the error that took its place.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Status error) : state_(std::in_place_index<1>, std::move(error)) { assert(!status().ok()); }

  bool ok() const { return state_.index() == 0; }
  Status status() const { return ok() ? Status() : std::get<1>(state_); }

  T& value() & {
    assert(ok());
    return std::get<0>(state_);
  }
  const T& value() const& {
    assert(ok());
    return std::get<0>(state_);
  }
  T&& value() && {
    assert(ok());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// The value; throws the public exception of the error.
  T value_or_throw() && {
    status().throw_if_error();
    return std::move(*this).value();
  }

 private:
  std::variant<T, Status> state_;
};

#define SHOAL_CONCAT_IMPL(a, b) a##b
#define SHOAL_CONCAT(a, b) SHOAL_CONCAT_IMPL(a, b)

/// Returns the error of a Status expression from the enclosing function.
#define SHOAL_RETURN_IF_ERROR(expression)                                          \
  do {                                                                             \
    if (::shoal::Status status_ = (expression); !status_.ok()) { return status_; } \
  } while (false)

/// Declares or assigns `target` from a Result expression, or returns its error from the enclosing function.
#define SHOAL_ASSIGN_OR_RETURN(target, expression) \
  SHOAL_ASSIGN_OR_RETURN_IMPL(SHOAL_CONCAT(result_, __LINE__), target, expression)
#define SHOAL_ASSIGN_OR_RETURN_IMPL(result, target, expression) \
  auto result = (expression);                                   \
  if (!result.ok()) { return result.status(); }                 \
  target = std::move(result).value()

}  // namespace shoal::inline v1
