#pragma once

#include <shoal/base/members.h>
#include <shoal/wire/payload.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "wire/enumerators.h"
#include "wire/limits.h"
#include "wire/message.h"
#include "wire/stored.h"

namespace shoal::wire {

/// Fills the members of messages with values that differ from each other and from the defaults, equal for equal seeds.
class Filler {
 public:
  explicit Filler(std::uint64_t seed) : next_(seed) {}

  template <class T>
  void fill(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      value = true;
    } else if constexpr (std::is_enum_v<T>) {
      static_assert(enum_values<T> == enumerator_count<T>() && enum_values<T> > 1,
                    "the codec does not check its values");
      value = static_cast<T>(1 + ++next_ % (enum_values<T> - 1));
    } else if constexpr (std::is_arithmetic_v<T>) {
      value = static_cast<T>(++next_ * 0x01010101);
    } else if constexpr (std::is_same_v<T, std::string>) {
      ++next_;
      value = "text" + std::to_string(next_) + std::string(next_ % 50, 'x');
    } else if constexpr (std::is_same_v<T, Payload>) {
      value = payload();
    } else if constexpr (std::is_same_v<T, Attachment>) {
      value.files.resize(1 + ++next_ % k_attached_max);  // which only channels bring
    } else {
      fill_parts(value);
    }
  }

 private:
  template <class T>
  void fill_parts(T& value) {
    if constexpr (requires { value.use_count(); }) {
      auto made = std::make_shared<std::remove_const_t<typename T::element_type>>();
      fill(*made);
      value = std::move(made);
    } else if constexpr (requires { value.emplace_back(); }) {
      value.resize(1 + ++next_ % 3);
      for (auto& element : value) fill(element);
    } else if constexpr (requires { typename T::mapped_type; }) {
      for (int i = 0; i < 2; ++i) {
        typename T::key_type key;
        fill(key);
        fill(value[key]);
      }
    } else {
      members::apply(value, [&](auto&... member) { (fill(member), ...); });
    }
  }

  /// Short, long, with references, with parts.
  Payload payload() {
    const std::size_t size = ++next_ % 3 == 0 ? 100 : next_ % 30;
    Payload made(size);
    if (size > 0) std::memset(made.data(), static_cast<int>(next_ & 0xff), size);
    std::vector<ObjectId> refs(next_ % 2);
    for (ObjectId& ref : refs) fill(ref);
    std::vector<SharedBytes> parts(next_ % 4 / 2);
    for (SharedBytes& part : parts) {
      auto holder = std::make_shared<const std::string>("part" + std::to_string(next_));
      part.bytes = {reinterpret_cast<const std::uint8_t*>(holder->data()), holder->size()};
      part.holder = std::move(holder);
      if (next_ % 5 != 0) continue;
      StoredAt at;
      fill(at);
      part = {nullptr, {}, std::make_shared<StoredObject>(at)};
    }
    made.set_beside(std::move(refs), std::move(parts));
    return made;
  }

  std::uint64_t next_;
};

/// One message of each type, in the order of Message.
inline std::vector<Message> all_messages(std::uint64_t seed) {
  std::vector<Message> messages;
  [&]<std::size_t... Type>(std::index_sequence<Type...>) {
    (messages.emplace_back(std::in_place_index<Type>), ...);
  }(std::make_index_sequence<std::variant_size_v<Message>>());
  for (Message& message : messages) {
    std::visit([&seed](auto& what) { Filler(seed += 7).fill(what); }, message);
  }
  return messages;
}

}  // namespace shoal::wire
