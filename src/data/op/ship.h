#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <shoal/wire/codec.h>

#include "data/op/stream.h"

namespace shoal::data {

/// A source or step on its way to another process of the same program: what its constructor gets there, and the code
/// that calls it. May hold credentials: nothing prints it.
template <class Part>
struct Shipped {
  /// Errors: corrupt_data.
  using Remake = Result<std::shared_ptr<const Part>> (*)(const Payload& arguments);
  Remake remake = nullptr;
  Payload arguments{};
};

Status undecodable(const std::string& what, const Decoder& decoder);

/// T{arguments...} in another process; or T::remake(arguments...), which returns a Result, where there is one. For
/// Source::ship() and Step::ship().
template <class T, class... Arguments>
auto ship_as(const Arguments&... arguments) {
  using Part = std::conditional_t<std::is_base_of_v<Step, T>, Step, Source>;
  Encoder to;
  (shoal::encode(to, arguments), ...);
  const auto remake = [](const Payload& payload) -> Result<std::shared_ptr<const Part>> {
    Decoder from(payload);
    std::tuple<Arguments...> made;
    std::apply([&](Arguments&... argument) { (shoal::decode(from, argument), ...); }, made);
    if (!from.finish()) return undecodable("a part of a pipeline", from);
    return std::apply(
        [](Arguments&... argument) -> Result<std::shared_ptr<const Part>> {
          if constexpr (requires { T::remake(std::move(argument)...); }) {
            return T::remake(std::move(argument)...);
          } else {
            return std::shared_ptr<const Part>(std::make_shared<T>(std::move(argument)...));
          }
        },
        made);
  };
  return Result<Shipped<Part>>(Shipped<Part>{remake, to.finish()});
}

/// The pipeline as a value from which unpack_pipeline() makes it again in any process of this program. That of a source
/// only after its split_count(). Errors: unsupported, which names the step that cannot leave this process;
/// invalid_argument (a value that cannot travel as it is).
Result<Payload> pack_pipeline(const Pipeline& pipeline);
/// Errors: corrupt_data; not_found (made by another build).
Result<std::shared_ptr<const Pipeline>> unpack_pipeline(const Payload& packed);

}  // namespace shoal::data
