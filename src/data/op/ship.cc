#include "data/op/ship.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "base/code_address.h"

namespace shoal::data {
namespace {

/// A source or step as it stands among the bytes.
struct PackedPart {
  CodeAddress remake{};
  Payload arguments{};
};

struct PackedPipeline {
  std::optional<PackedPart> source{};
  std::vector<PackedPart> steps{};
  std::string label{};
  std::int64_t batch_rows = 0;
};

Status stays_here(const std::string& label) {
  return Status(ErrorCode::unsupported, label +
                                            " cannot be sent to a worker process, because it holds what only this "
                                            "process has; run it in threads (.isolation = Isolation::threads)");
}

template <class Part>
Result<PackedPart> pack(const Part& part) {
  SHOAL_ASSIGN_OR_RETURN(Shipped<Part> shipped, part.ship());
  SHOAL_ASSIGN_OR_RETURN(const CodeAddress remake, code_address(reinterpret_cast<const void*>(shipped.remake)));
  return PackedPart{remake, std::move(shipped.arguments)};
}

template <class Part>
Result<std::shared_ptr<const Part>> unpack(const PackedPart& packed) {
  SHOAL_ASSIGN_OR_RETURN(const void* const code, code_at(packed.remake));
  const auto remake = reinterpret_cast<typename Shipped<Part>::Remake>(const_cast<void*>(code));
  return remake(packed.arguments);
}

Result<Payload> pack_all(const Pipeline& pipeline) {
  PackedPipeline packed{.label = pipeline.label, .batch_rows = pipeline.batch_rows};
  if (pipeline.source != nullptr) { SHOAL_ASSIGN_OR_RETURN(packed.source, pack(*pipeline.source)); }
  for (const auto& step : pipeline.steps) { SHOAL_ASSIGN_OR_RETURN(packed.steps.emplace_back(), pack(*step)); }
  return to_payload(packed);
}

Result<std::shared_ptr<const Pipeline>> unpack_all(const Payload& payload) {
  const auto packed = from_payload<PackedPipeline>(payload);
  auto pipeline = std::make_shared<Pipeline>();
  if (packed.source) { SHOAL_ASSIGN_OR_RETURN(pipeline->source, unpack<Source>(*packed.source)); }
  for (const PackedPart& step : packed.steps) {
    SHOAL_ASSIGN_OR_RETURN(pipeline->steps.emplace_back(), unpack<Step>(step));
  }
  pipeline->label = packed.label;
  pipeline->batch_rows = packed.batch_rows;
  return std::shared_ptr<const Pipeline>(std::move(pipeline));
}

}  // namespace

Result<Shipped<Step>> Step::ship() const { return stays_here(label()); }
Result<Shipped<Source>> Source::ship() const { return stays_here(label()); }

Status undecodable(const std::string& what, const Decoder& decoder) {
  return Status(ErrorCode::corrupt_data, what + " is not what was sent: " + decoder.fault());
}

Result<Payload> pack_pipeline(const Pipeline& pipeline) {
  try {
    return pack_all(pipeline);
  } catch (...) { return Status::from_current_exception().with_context(pipeline.label); }
}

Result<std::shared_ptr<const Pipeline>> unpack_pipeline(const Payload& packed) {
  try {
    return unpack_all(packed);
  } catch (...) { return Status::from_current_exception(); }
}

}  // namespace shoal::data
