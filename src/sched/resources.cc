#include "sched/resources.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <shoal/base/bytes.h>

namespace shoal::sched {
namespace {

using wire::CustomAmount;

bool by_name(const CustomAmount& a, const CustomAmount& b) { return a.name < b.name; }

std::int64_t custom_of(const Resources& resources, std::string_view name) {
  const auto at = std::lower_bound(resources.custom.begin(), resources.custom.end(), name,
                                   [](const CustomAmount& a, std::string_view b) { return a.name < b; });
  return at != resources.custom.end() && at->name == name ? at->amount : 0;
}

void add_custom(Resources& to, const std::string& name, std::int64_t amount) {
  const auto at = std::lower_bound(to.custom.begin(), to.custom.end(), name,
                                   [](const CustomAmount& a, const std::string& b) { return a.name < b; });
  if (at == to.custom.end() || at->name != name) {
    if (amount != 0) to.custom.insert(at, {name, amount});
  } else if (at->amount += amount; at->amount == 0) {
    to.custom.erase(at);
  }
}

bool one_fits(std::int64_t wanted, std::int64_t available) { return wanted <= 0 || wanted <= available; }

std::int64_t share(std::int64_t part, std::int64_t whole) {
  if (part <= 0) return 0;
  if (part >= whole) return 1'000'000;
  return static_cast<std::int64_t>(static_cast<double>(part) / static_cast<double>(whole) * 1e6);
}

}  // namespace

std::optional<std::string> fault(const Resources& resources) {
  for (const Amount& each : amounts(resources)) {
    if (each.kind == Amount::Kind::custom && each.name.empty()) return "a resource without a name";
    if (each.amount < 0) return "less than nothing: " + to_string(each);
    if (each.amount > k_amount_max) return "more than there can be: " + to_string(each);
  }
  return std::nullopt;
}

Resources normalised(Resources resources) {
  auto& custom = resources.custom;
  std::sort(custom.begin(), custom.end(), by_name);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < custom.size(); ++i) {
    if (kept > 0 && custom[kept - 1].name == custom[i].name) {
      // Saturates, so that no sum of amounts that were refused alone wraps around to one that is accepted.
      if (__builtin_add_overflow(custom[kept - 1].amount, custom[i].amount, &custom[kept - 1].amount)) {
        custom[kept - 1].amount = k_amount_max + 1;
      }
    } else {
      if (kept != i) custom[kept] = std::move(custom[i]);
      ++kept;
    }
  }
  custom.resize(kept);
  std::erase_if(custom, [](const CustomAmount& each) { return each.amount == 0; });
  return resources;
}

bool is_zero(const Resources& resources) {
  return resources.cpu == 0 && resources.gpu == 0 && resources.memory == 0 && resources.custom.empty();
}

bool fits(const Resources& demand, const Resources& available) {
  if (!one_fits(demand.cpu, available.cpu) || !one_fits(demand.gpu, available.gpu) ||
      !one_fits(demand.memory, available.memory)) {
    return false;
  }
  return std::all_of(demand.custom.begin(), demand.custom.end(),
                     [&](const CustomAmount& each) { return one_fits(each.amount, custom_of(available, each.name)); });
}

void add(Resources& to, const Resources& what) {
  to.cpu += what.cpu;
  to.gpu += what.gpu;
  to.memory += what.memory;
  for (const CustomAmount& each : what.custom) add_custom(to, each.name, each.amount);
}

void subtract(Resources& from, const Resources& what) {
  from.cpu -= what.cpu;
  from.gpu -= what.gpu;
  from.memory -= what.memory;
  for (const CustomAmount& each : what.custom) add_custom(from, each.name, -each.amount);
}

Resources at_least_zero(Resources resources) {
  resources.cpu = std::max<std::int64_t>(resources.cpu, 0);
  resources.gpu = std::max<std::int64_t>(resources.gpu, 0);
  resources.memory = std::max<std::int64_t>(resources.memory, 0);
  std::erase_if(resources.custom, [](const CustomAmount& each) { return each.amount <= 0; });
  return resources;
}

std::int64_t dominant_share(const Resources& demand, const Resources& total) {
  std::int64_t most = std::max({std::int64_t{1}, share(demand.cpu, total.cpu), share(demand.gpu, total.gpu),
                                share(demand.memory, total.memory)});
  for (const CustomAmount& each : demand.custom) most = std::max(most, share(each.amount, custom_of(total, each.name)));
  return most;
}

bool Less::operator()(const Resources& a, const Resources& b) const {
  const auto plain = [](const Resources& r) { return std::tie(r.cpu, r.gpu, r.memory); };
  if (plain(a) != plain(b)) return plain(a) < plain(b);
  return std::lexicographical_compare(a.custom.begin(), a.custom.end(), b.custom.begin(), b.custom.end(),
                                      [](const CustomAmount& x, const CustomAmount& y) {
                                        return std::tie(x.name, x.amount) < std::tie(y.name, y.amount);
                                      });
}

std::vector<Amount> amounts(const Resources& resources) {
  std::vector<Amount> all;
  if (resources.cpu != 0) all.push_back({Amount::Kind::cpu, {}, resources.cpu});
  if (resources.gpu != 0) all.push_back({Amount::Kind::gpu, {}, resources.gpu});
  if (resources.memory != 0) all.push_back({Amount::Kind::memory, {}, resources.memory});
  for (const CustomAmount& each : resources.custom) all.push_back({Amount::Kind::custom, each.name, each.amount});
  return all;
}

std::int64_t amount_of(const Resources& resources, const Amount& which) {
  switch (which.kind) {
    case Amount::Kind::cpu: return resources.cpu;
    case Amount::Kind::gpu: return resources.gpu;
    case Amount::Kind::memory: return resources.memory;
    case Amount::Kind::custom: return custom_of(resources, which.name);
  }
  return 0;
}

std::string number(const Amount& amount) {
  if (amount.kind == Amount::Kind::memory) {
    std::string text = format_bytes(amount.amount);
    if (const auto at = text.find(".0 "); at != std::string::npos) text.erase(at, 2);
    return text;
  }
  const bool negative = amount.amount < 0;
  const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(amount.amount)
                                      : static_cast<std::uint64_t>(amount.amount);
  std::string text = fmt::format("{}{}.{:04}", negative ? "-" : "", size / wire::k_one, size % wire::k_one);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string to_string(const Amount& amount) {
  switch (amount.kind) {
    case Amount::Kind::cpu: return number(amount) + " CPU";
    case Amount::Kind::gpu: return number(amount) + " GPU";
    case Amount::Kind::memory: return number(amount) + " memory";
    case Amount::Kind::custom: break;
  }
  return fmt::format("{} {}", number(amount), amount.name);
}

std::string to_string(const Resources& resources) {
  std::string text;
  for (const Amount& each : amounts(resources)) text += (text.empty() ? "" : ", ") + to_string(each);
  return text.empty() ? "nothing" : text;
}

}  // namespace shoal::sched
