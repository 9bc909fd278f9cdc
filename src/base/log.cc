#include <shoal/base/log.h>

#include <fmt/args.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/console.h"
#include "base/log_scope.h"

namespace shoal::inline v1::log {
namespace {

thread_local const Scope* innermost_scope = nullptr;

/// Adds " step ReadImages fragment 12" to lines written inside a scope; spdlog runs it on the writing thread.
class ScopeFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    const Scope* scope = Scope::current();
    if (scope != nullptr) fmt::format_to(std::back_inserter(out), " [{} #{}]", scope->step(), scope->fragment());
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override { return std::make_unique<ScopeFlag>(); }
};

class ConsoleSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ConsoleSink(Console& console) : console_(console) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const std::string_view text(line.data(), line.size());
    if (!console_.has_colour() || message.level < spdlog::level::warn) return console_.write_line(text);
    const char* colour = message.level >= spdlog::level::err ? "\x1b[31m" : "\x1b[33m";
    console_.write_line(std::string(colour).append(text).append("\x1b[0m"));
  }
  void flush_() override {}

  Console& console_;
};

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

std::optional<Level> parse_level(std::string_view name) {
  if (name == "debug") return Level::debug;
  if (name == "info") return Level::info;
  if (name == "warn") return Level::warn;
  if (name == "error") return Level::error;
  if (name == "off") return Level::off;
  return std::nullopt;
}

/// A formatter that ends lines by itself for files, and leaves that to the console for the console.
std::unique_ptr<spdlog::pattern_formatter> make_formatter(const char* pattern, const char* line_end) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::local, std::string(line_end));
  formatter->add_flag<ScopeFlag>('*').set_pattern(pattern);
  return formatter;
}

void add_file(spdlog::logger& logger, const std::string& folder) {
  const std::string path = folder + "/shoal-" + program_invocation_short_name + "-" + std::to_string(getpid()) + ".log";
  try {
    auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    file->set_formatter(make_formatter("%Y-%m-%d %H:%M:%S.%e%z %l %P %t%* %v", "\n"));
    logger.sinks().push_back(std::move(file));
  } catch (const spdlog::spdlog_ex& failure) {
    logger.warn(
        "no log file, this program goes on without: SHOAL_LOG_DIR is {}: {}; name a folder that this user may "
        "write, or unset it",
        folder, failure.what());
  }
}

/// The process's logger, made at the first line. Never destroyed: threads may log until the process is gone.
spdlog::logger& logger() {
  static spdlog::logger* const instance = [] {
    auto console = std::make_shared<ConsoleSink>(Console::process());
    console->set_formatter(make_formatter("%H:%M:%S.%e %P %-7l %v", ""));
    auto made = std::make_unique<spdlog::logger>("shoal", std::move(console));
    made->set_error_handler([warned = std::make_shared<std::once_flag>()](const std::string& text) {
      std::call_once(*warned, [&] { Console::process().write_line("shoal: a log line was lost: " + text); });
    });
    made->flush_on(spdlog::level::trace);
    if (const char* name = std::getenv("SHOAL_LOG_LEVEL"); name != nullptr && *name != '\0') {
      const std::optional<Level> level = parse_level(name);
      made->set_level(to_spdlog(level.value_or(Level::info)));
      if (!level) made->warn("SHOAL_LOG_LEVEL is {}, which is none of debug, info, warn, error, off: info it is", name);
    }
    if (const char* folder = std::getenv("SHOAL_LOG_DIR"); folder != nullptr && *folder != '\0') {
      add_file(*made, folder);
    }
    return made.release();
  }();
  return *instance;
}

std::string format(std::string_view text, std::initializer_list<detail::Argument> arguments) {
  fmt::dynamic_format_arg_store<fmt::format_context> store;
  store.reserve(arguments.size(), 0);
  for (const detail::Argument& argument : arguments) {
    switch (argument.kind) {
      case detail::Kind::boolean: store.push_back(argument.integer != 0); break;
      case detail::Kind::character: store.push_back(static_cast<char>(argument.integer)); break;
      case detail::Kind::integer: store.push_back(argument.integer); break;
      case detail::Kind::natural: store.push_back(argument.natural); break;
      case detail::Kind::single: store.push_back(static_cast<float>(argument.real)); break;
      case detail::Kind::real: store.push_back(argument.real); break;
      case detail::Kind::text: store.push_back(as_one_line({argument.data, argument.natural})); break;
    }
  }
  return fmt::vformat(text, store);
}

}  // namespace

Scope::Scope(std::string_view step, std::int64_t fragment)
    : step_(step), fragment_(fragment), outer_(std::exchange(innermost_scope, this)) {}

Scope::~Scope() { innermost_scope = outer_; }

const Scope* Scope::current() { return innermost_scope; }

void set_level(Level level) { logger().set_level(to_spdlog(level)); }

Level level() {
  switch (logger().level()) {
    case spdlog::level::trace:
    case spdlog::level::debug: return Level::debug;
    case spdlog::level::info: return Level::info;
    case spdlog::level::warn: return Level::warn;
    case spdlog::level::err: return Level::error;
    default: return Level::off;
  }
}

void detail::write(Level level, std::string_view text, std::initializer_list<Argument> arguments) {
  try {
    if (!logger().should_log(to_spdlog(level))) return;
    logger().log(to_spdlog(level), without_control_characters(format(text, arguments)));
  } catch (...) { Console::process().write_line("shoal: a log line was lost: out of memory"); }
}

}  // namespace shoal::inline v1::log
