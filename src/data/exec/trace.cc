#include "data/exec/trace.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

namespace shoal::data {
namespace {

std::string json_string(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (byte < 0x20 || byte >= 0x7f) {
      json += fmt::format("\\u{:04x}", byte);  // bytes beyond ASCII as Latin-1: always valid, whatever they are
    } else {
      json += c;
    }
  }
  return json + '"';
}

std::string_view category(const FragmentTrace& fragment) {
  if (fragment.cancelled) return "cancelled";
  return fragment.failed ? "failed" : "fragment";
}

/// Gives each fragment the first lane of its operator that is free; `fragments` in order of their start.
std::vector<std::size_t> assign_lanes(const std::vector<FragmentTrace>& fragments) {
  std::vector<std::vector<std::int64_t>> free_at;  // of each operator, of each lane
  std::vector<std::size_t> lanes;
  for (const FragmentTrace& fragment : fragments) {
    if (free_at.size() <= fragment.op) free_at.resize(fragment.op + 1);
    std::vector<std::int64_t>& ends = free_at[fragment.op];
    const auto lane = std::find_if(ends.begin(), ends.end(), [&](auto end) { return end <= fragment.start_ns; });
    lanes.push_back(static_cast<std::size_t>(lane - ends.begin()));
    if (lane == ends.end()) {
      ends.push_back(fragment.end_ns);
    } else {
      *lane = fragment.end_ns;
    }
  }
  return lanes;
}

std::string label_of(const RunReport& report, std::size_t op) {
  return op < report.operators.size() ? report.operators[op].label : fmt::format("operator {}", op);
}

}  // namespace

void Trace::add(const FragmentTrace& fragment) {
  const Lock lock(mutex_);
  if (fragments_.size() < k_trace_fragments_max) {
    fragments_.push_back(fragment);
  } else {
    ++left_out_;
  }
}

std::string Trace::to_json(const RunReport& report) const {
  std::vector<FragmentTrace> fragments;
  std::int64_t left_out = 0;
  {
    const Lock lock(mutex_);
    fragments = fragments_;
    left_out = left_out_;
  }
  std::sort(fragments.begin(), fragments.end(), [](const FragmentTrace& a, const FragmentTrace& b) {
    return std::tie(a.start_ns, a.op, a.ordinal) < std::tie(b.start_ns, b.op, b.ordinal);
  });
  const std::vector<std::size_t> lanes = assign_lanes(fragments);

  std::string json = fmt::format(
      "{{\"displayTimeUnit\":\"ms\",\"otherData\":{{\"fragments_left_out\":{}}},"
      "\"traceEvents\":[",
      left_out);
  const auto out = std::back_inserter(json);
  for (std::size_t op = 0; op < report.operators.size(); ++op) {
    fmt::format_to(out, "{}\n{{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":{},\"args\":{{\"name\":{}}}}}",
                   op == 0 ? "" : ",", op + 1, json_string(report.operators[op].label));
  }
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    const FragmentTrace& fragment = fragments[i];
    const bool is_first = i == 0 && report.operators.empty();
    fmt::format_to(out,
                   "{}\n{{\"ph\":\"X\",\"name\":{},\"cat\":\"{}\",\"pid\":{},\"tid\":{},\"ts\":{:.3f},\"dur\":{:.3f},"
                   "\"args\":{{\"fragment\":{},\"attempt\":{}}}}}",
                   is_first ? "" : ",", json_string(label_of(report, fragment.op)), category(fragment), fragment.op + 1,
                   lanes[i] + 1, static_cast<double>(fragment.start_ns) / 1e3,
                   static_cast<double>(fragment.end_ns - fragment.start_ns) / 1e3, fragment.ordinal, fragment.attempt);
  }
  return json + "\n]}\n";
}

Status Trace::write(const std::string& path, const RunReport& report) const {
  const std::string part = fmt::format("{}.{}.part", path, getpid());
  std::ofstream file(part, std::ios::binary);
  file << to_json(report);
  file.close();
  if (file && std::rename(part.c_str(), path.c_str()) == 0) return Status();
  const std::string cause = std::generic_category().message(errno);
  std::remove(part.c_str());
  return Status(ErrorCode::io,
                fmt::format("cannot write the trace {}: {}; name a file in a folder that exists and that "
                            "this user may write as trace_path",
                            path, cause));
}

}  // namespace shoal::data
