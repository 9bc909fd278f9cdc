#include "shell/thrown.h"

#include <cxxabi.h>
#include <shoal/base/error.h>
#include <shoal/wire/codec.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "base/code_address.h"
#include "base/thread_safety.h"
#include "wire/stored.h"

namespace shoal::shell {
namespace {

/// What programs let travel; they say so before they have a session.
struct Travelling {
  Mutex mutex;
  std::vector<TravellingException> types GUARDED_BY(mutex);
};
Travelling& travelling() {
  static Travelling all;
  return all;
}

std::string type_in_flight() {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "an exception of another language";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
                                                    std::free);
  return status == 0 ? name.get() : type->name();
}

template <class E>
bool is(const std::exception& exception) {
  return dynamic_cast<const E*>(&exception) != nullptr;
}

/// The nearest class of the standard library: the last one that fits, as each stands behind those it derives from.
wire::Standard standard_of(const std::exception& thrown) {
  using enum wire::Standard;
  struct Class {
    bool (*fits)(const std::exception&);
    wire::Standard name;
  };
  constexpr Class classes[] = {
      {is<std::logic_error>, logic_error},         {is<std::invalid_argument>, invalid_argument},
      {is<std::domain_error>, domain_error},       {is<std::length_error>, length_error},
      {is<std::out_of_range>, out_of_range},       {is<std::runtime_error>, runtime_error},
      {is<std::range_error>, range_error},         {is<std::overflow_error>, overflow_error},
      {is<std::underflow_error>, underflow_error}, {is<std::bad_alloc>, bad_alloc},
  };
  wire::Standard nearest = exception;
  for (const Class& each : classes) nearest = each.fits(thrown) ? each.name : nearest;
  return nearest;
}

/// Types that what is in flight is one of.
std::vector<std::string> types_of_interest(const wire::TaskTemplate& what) {
  std::vector<std::string> found;
  for (const wire::ExceptionType& type : what.retry_on) {
    if (type.is_in_flight == wire::FunctionId{}) continue;
    const auto code = code_at({type.is_in_flight.module, type.is_in_flight.offset});
    if (code.ok() && reinterpret_cast<bool (*)()>(const_cast<void*>(code.value()))()) found.push_back(type.name);
  }
  return found;
}

void describe_standard(wire::Failure& failure) {
  try {
    throw;
  } catch (const std::system_error& error) {
    failure.message = error.what();
    failure.standard = wire::Standard::system_error;
    failure.value = to_payload(
        std::pair<int, bool>(error.code().value(), error.code().category() == std::system_category()));
  } catch (const Error& error) {
    failure.message = error.what();
    failure.standard = wire::Standard::runtime_error;
    failure.travelling = k_error_of_shoal;
    failure.value = to_payload(error.code());
  } catch (const std::exception& error) {
    failure.message = error.what();
    failure.standard = standard_of(error);
  } catch (...) {  // says nothing of itself
  }
}

/// Its own value, where its type travels. The last type that fits is the nearest.
void describe_travelling(wire::Failure& failure) {
  Travelling& all = travelling();
  const Lock lock(all.mutex);
  for (auto type = all.types.rbegin(); type != all.types.rend(); ++type) {
    if (!type->is_in_flight()) continue;
    failure.travelling = type->name;
    failure.value = wire::without_store(type->encode(failure.message));
    return;
  }
}

}  // namespace

void let_travel(TravellingException type) {
  Travelling& all = travelling();
  const Lock lock(all.mutex);
  std::erase_if(all.types, [&](const TravellingException& known) { return known.name == type.name; });
  all.types.push_back(std::move(type));
}

wire::Failure describe_exception() {
  wire::Failure failure;
  failure.code = ErrorCode::user_function;
  failure.type = type_in_flight();
  describe_standard(failure);
  describe_travelling(failure);
  failure.text = failure.message.empty() ? failure.type : failure.message;
  return failure;
}

wire::Failure describe_thrown(const wire::TaskTemplate& what, const TaskId& task) {
  wire::Failure failure = describe_exception();
  failure.bases = types_of_interest(what);
  failure.text = "task " + what.name + " (" + to_string(task) + ") threw " + failure.type +
                 (failure.message.empty() ? "" : ": " + failure.message);
  return failure;
}

}  // namespace shoal::shell
