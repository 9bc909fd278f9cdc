#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <shoal/api/get.h>
#include <shoal/api/ref.h>
#include <shoal/wire/layout.h>

namespace shoal::inline v1 {

namespace detail {

/// How a value of T is looked at where it lies.
template <class T>
struct Look {
  static constexpr bool k_can = false;
};
template <class T>
  requires(kind<T> == Kind::sequence && is_block_sequence<T>)
struct Look<T> {
  using Element = typename T::value_type;
  static constexpr bool k_can = true;
  static constexpr bool k_is_text = std::is_same_v<T, std::string>;
  using type = std::conditional_t<k_is_text, std::string_view, std::span<const Element>>;
  static type at(Decoder& from) {
    const std::size_t count = from.read_count(sizeof(Element));
    if (count == 0) return {};
    from.align(alignof(Element));
    const auto* elements = reinterpret_cast<const Element*>(from.read_bytes(count * sizeof(Element)));
    return elements == nullptr ? type{} : type(elements, count);
  }
};

void finish_look(const Decoder& from, std::string_view type);

}  // namespace detail

/// A value that is read where it lies, for as long as the view lives: a span of a vector of plain numbers or plain structs of
/// them, or the text of a string. Copies are cheap. Threads may use one at once.
template <class T>
class View {
 public:
  using type = typename detail::Look<T>::type;

  /// `std::span<const E>` or `std::string_view`.
  const type& operator*() const { return look_; }
  const type* operator->() const { return &look_; }

 private:
  template <class U>
  friend View<U> view(const Ref<U>& ref, const GetOptions& options);
  View(Ref<T> ref, Payload pinned, type look) : ref_(std::move(ref)), pinned_(std::move(pinned)), look_(look) {}

  Ref<T> ref_;
  Payload pinned_;  // long where there is any: its bytes stay where they are, whoever copies this
  type look_;
};

/// Waits for the value as get() does, and does not copy it:
///
///     const shoal::View<std::vector<double>> weights = shoal::view(ref);
///     double total = std::accumulate(weights->begin(), weights->end(), 0.0);
///
/// For a Ref<Buffer>, get() copies nothing either.
template <class T>
View<T> view(const Ref<T>& ref, const GetOptions& options = {}) {
  static_assert(detail::Look<T>::k_can,
                "shoal: only vectors of plain numbers or plain structs of them, and strings, stand in memory as they "
                "travel; get() the value instead, or make it a Buffer");
  const detail::Handle& handle = detail::Handles::of(ref)[0];
  Payload pinned;
  Decoder decoder(detail::value_of(handle, detail::deadline_of(options.timeout), pinned));
  const typename View<T>::type look = detail::Look<T>::at(decoder);
  detail::finish_look(decoder, full_type_name<T>());
  return View<T>(ref, std::move(pinned), look);
}

}  // namespace shoal::inline v1
