#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "cli/verb.h"

#ifndef SHOAL_VERSION
#define SHOAL_VERSION "unknown"
#endif

namespace shoal::cli {
namespace {

constexpr std::array<const Verb*, 7> k_verbs = {&k_start, &k_stop,   &k_status,        &k_memory,
                                                &k_run,   &k_doctor, &k_microbenchmark};

void print_help() {
  fmt::print("Usage: shoal VERB [OPTIONS]\n\n");
  for (const Verb* const verb : k_verbs) fmt::print("  {:<16} {}\n", verb->name, verb->summary);
  fmt::print("\nshoal VERB --help says more. shoal --version names the version.\n");
}

void print_help_of(const Verb& verb) {
  fmt::print("Usage: shoal {} [OPTIONS]{}{}\n{}.\n\n", verb.name, verb.operands.empty() ? "" : " ", verb.operands,
             verb.summary);
  for (const Option& option : verb.options) {
    fmt::print("  {:<32} {}\n", fmt::format("{} {}", option.name, option.value), option.help);
  }
}

int complain(std::string_view where, const Status& status) {
  fmt::print(stderr, "shoal{}{}: {}\n", where.empty() ? "" : " ", where, status.text());
  const bool is_misused = status.code() == ErrorCode::invalid_argument || status.code() == ErrorCode::unsupported;
  return is_misused ? k_misused : k_failed;
}

int unknown_verb(const std::string& word) {
  std::vector<std::string_view> names;
  for (const Verb* const verb : k_verbs) names.push_back(verb->name);
  const std::string_view near = nearest(word, names);
  return complain(
      "", Status(ErrorCode::invalid_argument, fmt::format("there is no {}; {}", word,
                                                          near.empty() ? "shoal --help names what there is"
                                                                       : fmt::format("did you mean {}?", near))));
}

}  // namespace

int run_command(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_help();
    return words.empty() ? k_misused : k_done;
  }
  if (words[0] == "--version") {
    fmt::print("shoal {}\n", SHOAL_VERSION);
    return k_done;
  }
  const auto verb = std::find_if(k_verbs.begin(), k_verbs.end(),
                                 [&](const Verb* each) { return each->name == words[0]; });
  if (verb == k_verbs.end()) return unknown_verb(words[0]);
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (!rest.empty() && (rest[0] == "--help" || rest[0] == "-h")) {
    print_help_of(**verb);
    return k_done;
  }
  const Result<Arguments> arguments = Arguments::parse((*verb)->options, rest, !(*verb)->operands.empty());
  if (!arguments.ok()) return complain((*verb)->name, arguments.status());
  const Result<int> ended = (*verb)->run(*arguments);
  return ended.ok() ? *ended : complain((*verb)->name, ended.status());
}

}  // namespace shoal::cli
