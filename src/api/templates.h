#pragma once

#include <shoal/api/submit.h>

#include <memory>
#include <vector>

#include "shell/owner_station.h"
#include "wire/task.h"

namespace shoal {

using TemplatePtr = std::shared_ptr<const wire::TaskTemplate>;

/// What tasks of this function with these options have in common; null = the default options. The same pointer for the
/// same, as long as the process lives. Any thread; cheap where the same was asked for before. Throws InvalidArgument where
/// an option means nothing.
const TemplatePtr& template_of(const detail::Code& code, const TaskOptions* options);

wire::Strategy to_strategy(Spread spread);
/// A function of this process as others can find it. Throws Unsupported where its program has no build id.
wire::FunctionId function_id(const void* code);

inline namespace v1 {
namespace detail {
/// The references whose values are arguments. Throws InvalidArgument where `home` cannot pass one on.
std::vector<owner::Object*> resolve_of(const Packer& packed, const shell::OwnerStation& home);
/// A call that was packed, as the core of `home` takes it. Throws InvalidArgument where a reference cannot be passed on.
owner::TaskRequest request_of(const Code& code, const TaskOptions* options, Packer& packed,
                              const shell::OwnerStation& home);
}  // namespace detail
}  // namespace v1

}  // namespace shoal
