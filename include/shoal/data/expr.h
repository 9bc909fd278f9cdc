#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace shoal::data::inline v1 {

/// A computation over the columns of one row: `sd::col("distance") > 2.0 && !sd::col("vendor").is_null()`.
/// A small immutable value that shares its parts when copied; safe to use from many threads.
///
/// - Numbers of different types meet in the wider one; `/` of two integers is an integer, as in C++.
/// - A null operand makes the result null, but `false && null` is false and `true || null` is true. A filter keeps the
///   rows for which its expression is true, so neither false nor null.
/// - Integer overflow and integer division by zero end the run with `invalid_argument`.
/// - `==` builds an expression; `equals` compares two of them.
class Expr {
 public:
  enum class Op : std::uint8_t {
    // clang-format off
    column, literal,
    equal, not_equal, less, less_equal, greater, greater_equal,
    add, subtract, multiply, divide,
    logical_and, logical_or, logical_not, is_null,
    // clang-format on
  };
  using Literal = std::variant<bool, std::int64_t, std::uint64_t, double, std::string>;

  /// A literal.
  template <class T>
    requires std::is_arithmetic_v<T>
  Expr(T value) : Expr(to_literal(value)) {}                         // NOLINT: an implicit conversion is the point
  Expr(const char* text) : Expr(Literal(std::string(text))) {}       // NOLINT: so is this
  Expr(std::string_view text) : Expr(Literal(std::string(text))) {}  // NOLINT
  Expr(std::string text) : Expr(Literal(std::move(text))) {}         // NOLINT

  Expr is_null() const;

  Op op() const;
  /// Of a column. Precondition: op() is column.
  const std::string& column() const;
  /// Of a literal. Precondition: op() is literal.
  const Literal& literal() const;
  /// Operands, in order; none for columns and literals.
  const std::vector<Expr>& operands() const;
  /// Names of all columns it reads, each once, in the order in which they first appear.
  std::vector<std::string> columns() const;

  /// The same operations on the same columns and equal literals of the same type.
  bool equals(const Expr& other) const;
  /// As it would stand in a program: `distance > 2 && !is_null(vendor)`.
  std::string to_string() const;

  friend Expr operator==(const Expr& a, const Expr& b) { return Expr(Op::equal, {a, b}); }
  friend Expr operator!=(const Expr& a, const Expr& b) { return Expr(Op::not_equal, {a, b}); }
  friend Expr operator<(const Expr& a, const Expr& b) { return Expr(Op::less, {a, b}); }
  friend Expr operator<=(const Expr& a, const Expr& b) { return Expr(Op::less_equal, {a, b}); }
  friend Expr operator>(const Expr& a, const Expr& b) { return Expr(Op::greater, {a, b}); }
  friend Expr operator>=(const Expr& a, const Expr& b) { return Expr(Op::greater_equal, {a, b}); }
  friend Expr operator+(const Expr& a, const Expr& b) { return Expr(Op::add, {a, b}); }
  friend Expr operator-(const Expr& a, const Expr& b) { return Expr(Op::subtract, {a, b}); }
  friend Expr operator*(const Expr& a, const Expr& b) { return Expr(Op::multiply, {a, b}); }
  friend Expr operator/(const Expr& a, const Expr& b) { return Expr(Op::divide, {a, b}); }
  friend Expr operator&&(const Expr& a, const Expr& b) { return Expr(Op::logical_and, {a, b}); }
  friend Expr operator||(const Expr& a, const Expr& b) { return Expr(Op::logical_or, {a, b}); }
  friend Expr operator!(const Expr& a) { return Expr(Op::logical_not, {a}); }

 private:
  struct Parts;
  friend Expr col(std::string name);

  explicit Expr(Literal value);
  Expr(Op op, std::vector<Expr> operands);
  explicit Expr(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

  template <class T>
  static Literal to_literal(T value) {
    if constexpr (std::same_as<T, bool>) {
      return value;
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<double>(value);
    } else if constexpr (std::is_unsigned_v<T> && sizeof(T) == sizeof(std::uint64_t)) {
      return static_cast<std::uint64_t>(value);
    } else {
      return static_cast<std::int64_t>(value);
    }
  }

  std::shared_ptr<const Parts> parts_;
};

/// The column `name` of the rows that an expression is used on.
Expr col(std::string name);

std::ostream& operator<<(std::ostream& out, const Expr& expr);

}  // namespace shoal::data::inline v1
