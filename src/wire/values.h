#pragma once

#include <shoal/wire/payload.h>

#include <variant>
#include <vector>

#include "wire/message.h"

namespace shoal::wire {

namespace detail {

template <class F>
void see(const Payload& value, F& f) {
  f(value);
}
template <class F>
void see(const std::vector<Payload>& values, F& f) {
  for (const Payload& value : values) f(value);
}

/// Members that hold values have the same names in all messages.
template <class M, class F>
void see_members(const M& message, F& f) {
  if constexpr (requires { message.arguments; }) see(message.arguments, f);
  if constexpr (requires { message.resolved; }) see(message.resolved, f);
  if constexpr (requires { message.result; }) see(message.result, f);
  if constexpr (requires { message.more; }) see(message.more, f);
  if constexpr (requires { message.value; }) see(message.value, f);
}

}  // namespace detail

/// Calls f(payload) with each value in the message.
template <class F>
void for_each_value(const Message& message, F&& f) {
  std::visit(
      [&f]<class M>(const M& what) {
        if constexpr (requires { what.spec; }) {
          if (what.spec != nullptr) detail::see_members(*what.spec, f);
        } else {
          detail::see_members(what, f);
        }
      },
      message);
}

}  // namespace shoal::wire
