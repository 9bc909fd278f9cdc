#include "api/templates.h"

#include <fmt/format.h>
#include <shoal/base/error.h>
#include <shoal/base/type_name.h>

#include <array>
#include <functional>
#include <limits>
#include <list>
#include <unordered_map>
#include <utility>

#include "api/demand.h"
#include "base/code_address.h"
#include "base/thread_safety.h"

namespace shoal {
namespace {

struct Key {
  detail::Entry entry = nullptr;
  const void* function = nullptr;
  friend bool operator==(const Key&, const Key&) = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    return detail::mix(reinterpret_cast<std::uintptr_t>(key.entry) ^
                       detail::mix(reinterpret_cast<std::uintptr_t>(key.function)));
  }
};
struct Known {
  TaskOptions options;
  TemplatePtr what;
};

/// All that were ever asked for. A program has few functions, and few sets of options for each.
struct All {
  Mutex mutex;
  std::unordered_map<Key, std::list<Known>, KeyHash> known GUARDED_BY(mutex);
};
All& all() {
  static All templates;
  return templates;
}

/// A virtual one has no code of its own, see MemberPointer.
std::string member_name(const void* function) {
  return code_address(function).ok() ? function_name(function) : "a virtual function";
}

std::string name_of(const detail::Code& code, const TaskOptions& options) {
  if (!options.name.empty()) return options.name;
  if (code.is_member) return fmt::format("{}::{}", code.type, member_name(code.function));
  return code.function != nullptr ? function_name(code.function) : std::string(code.type);
}

TemplatePtr make_template(const detail::Code& code, const TaskOptions& options) {
  auto what = std::make_shared<wire::TaskTemplate>();
  what->name = name_of(code, options);
  what->function = function_id(reinterpret_cast<const void*>(code.entry));
  what->resources = to_resources("task " + what->name, {.num_cpus = options.num_cpus,
                                                        .num_gpus = options.num_gpus,
                                                        .memory = options.memory,
                                                        .resources = options.resources});
  what->strategy = to_strategy(options.strategy);
  what->results = code.results;
  what->stream = code.stream;
  if (options.max_retries < -1) {
    throw InvalidArgument(
        ErrorCode::invalid_argument,
        fmt::format("task {}: max_retries = {} is less than -1 (for ever)", what->name, options.max_retries));
  }
  what->retries = options.max_retries;
  for (const detail::ExceptionType& type : options.retry_on) {
    const bool is_any = type.is_in_flight == nullptr;
    what->retry_on.push_back(
        {type.name, is_any ? wire::FunctionId{} : function_id(reinterpret_cast<const void*>(type.is_in_flight))});
  }
  what->priority = options.priority;
  return what;
}

const Known& find_or_make(const detail::Code& code, const TaskOptions& options) {
  All& templates = all();
  const Lock lock(templates.mutex);
  std::list<Known>& known = templates.known[{code.entry, code.function}];
  for (const Known& one : known) {
    if (one.options == options) return one;
  }
  return known.emplace_back(Known{options, make_template(code, options)});
}

}  // namespace

const TemplatePtr& template_of(const detail::Code& code, const TaskOptions* options) {
  static const TaskOptions defaults;
  if (options == nullptr) options = &defaults;
  struct Recent {
    Key key;
    const Known* known = nullptr;
  };
  thread_local std::array<Recent, 16> recent;
  const Key key{code.entry, code.function};
  Recent& slot = recent[KeyHash()(key) % recent.size()];
  if (slot.known == nullptr || slot.key != key || slot.known->options != *options) {
    slot.known = &find_or_make(code, *options);
    slot.key = key;
  }
  return slot.known->what;
}

wire::Strategy to_strategy(Spread spread) {
  return {.kind = spread == Spread::spread ? wire::StrategyKind::spread : wire::StrategyKind::pack};
}

wire::FunctionId function_id(const void* code) {
  const CodeAddress address = code_address(code).value_or_throw();
  return {address.module, address.offset};
}

}  // namespace shoal
