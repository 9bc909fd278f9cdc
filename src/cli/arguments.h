#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace shoal::cli {

/// One option of a verb, as it stands in its help.
struct Option {
  std::string_view name;   ///< "--num-cpus"
  std::string_view value;  ///< What its value is called, "N"; empty where it has none.
  std::string_view help;
};

/// What stands behind a verb on the command line.
class Arguments {
 public:
  /// "--name value" or "--name=value". With `takes_rest`, what follows the first word that is no option is left as it is.
  /// Errors: invalid_argument, which names the option that is nearest to an unknown one.
  static Result<Arguments> parse(std::span<const Option> options, const std::vector<std::string>& words,
                                 bool takes_rest = false);

  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  std::string text(std::string_view name) const;
  /// Errors: invalid_argument where it is no number from 0 on.
  Result<double> number(std::string_view name, double otherwise) const;
  const std::vector<std::string>& rest() const { return rest_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> rest_;
};

/// Which of the names is most like a word that is none of them; empty where none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> names);

/// A flat JSON object, {"name": 2, "zone": "a"}, with its values as texts, without escapes. Errors: invalid_argument, with
/// where it is wrong.
Result<std::map<std::string, std::string>> parse_object(std::string_view text);

}  // namespace shoal::cli
