#pragma once

#include <shoal/wire/layout.h>

#include <cstddef>
#include <string_view>

/// Enumerations in messages: their names and how many enumerators they have, both taken from the declaration. Each has
/// its enum_values next to it, so that the codec refuses what is no value.
namespace shoal::wire {

/// "pack" of StrategyKind::pack; empty where E has no enumerator of that value.
template <auto Value>
consteval std::string_view enumerator_name() {
  const std::string_view text = __PRETTY_FUNCTION__;  // "... Value = shoal::wire::Kind::pack; ...", "... (Kind)7; ..."
  const std::size_t begin = text.find("Value = ") + 8;
  const std::string_view value = text.substr(begin, text.find_first_of(";]", begin) - begin);
  return value.starts_with('(') ? std::string_view() : value.substr(value.rfind(':') + 1);
}

/// Of an enumeration that counts its enumerators from 0.
template <class E, std::size_t N = 0>
consteval std::size_t enumerator_count() {
  if constexpr (enumerator_name<static_cast<E>(N)>().empty()) {
    return N;
  } else {
    return enumerator_count<E, N + 1>();
  }
}

}  // namespace shoal::wire
