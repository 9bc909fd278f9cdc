#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include <shoal/base/members.h>

namespace shoal::inline v1::detail {

/// An argument as it is kept until its call: text owns its characters.
template <class A>
using Owned = std::conditional_t<std::is_convertible_v<const std::remove_cvref_t<A>&, const char*> ||
                                     std::is_same_v<std::remove_cvref_t<A>, std::string_view>,
                                 std::string, std::decay_t<A>>;

/// The result and the parameters, as they are declared, of a function pointer, a pointer to a member function, or a class
/// with one operator(). Not defined for others.
template <class F>
struct Signature;

template <class R, class... P>
struct Signature<R (*)(P...)> {
  using Result = R;
  using Parameters = members::Types<P...>;
};
template <class R, class... P>
struct Signature<R (*)(P...) noexcept> : Signature<R (*)(P...)> {};

/// `Object`: what the member function is called on.
template <class C, class R, class... P>
struct Signature<R (C::*)(P...)> : Signature<R (*)(P...)> {
  using Object = C;
};
template <class C, class R, class... P>
struct Signature<R (C::*)(P...) const> : Signature<R (C::*)(P...)> {};
template <class C, class R, class... P>
struct Signature<R (C::*)(P...) noexcept> : Signature<R (C::*)(P...)> {};
template <class C, class R, class... P>
struct Signature<R (C::*)(P...) const noexcept> : Signature<R (C::*)(P...)> {};

template <class F>
  requires requires { &F::operator(); }
struct Signature<F> : Signature<decltype(&F::operator())> {};

template <class F>
concept HasSignature = requires { typename Signature<F>::Parameters; };

}  // namespace shoal::inline v1::detail
