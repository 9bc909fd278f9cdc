#include <shoal/data/expr.h>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cctype>
#include <ostream>

namespace shoal::data::inline v1 {

struct Expr::Parts {
  Op op;
  std::string column;
  Literal literal;
  std::vector<Expr> operands;
};

Expr::Expr(Literal value) : parts_(std::make_shared<const Parts>(Parts{Op::literal, {}, std::move(value), {}})) {}

Expr::Expr(Op op, std::vector<Expr> operands)
    : parts_(std::make_shared<const Parts>(Parts{op, {}, {}, std::move(operands)})) {}

Expr col(std::string name) {
  return Expr(std::make_shared<const Expr::Parts>(Expr::Parts{Expr::Op::column, std::move(name), {}, {}}));
}

Expr Expr::is_null() const { return Expr(Op::is_null, {*this}); }

Expr::Op Expr::op() const { return parts_->op; }

const std::string& Expr::column() const {
  assert(op() == Op::column);
  return parts_->column;
}

const Expr::Literal& Expr::literal() const {
  assert(op() == Op::literal);
  return parts_->literal;
}

const std::vector<Expr>& Expr::operands() const { return parts_->operands; }

namespace {

void collect_columns(const Expr& expr, std::vector<std::string>& names) {
  if (expr.op() == Expr::Op::column && std::find(names.begin(), names.end(), expr.column()) == names.end()) {
    names.push_back(expr.column());
  }
  for (const Expr& operand : expr.operands()) collect_columns(operand, names);
}

struct Spelling {
  const char* text;
  int binds;  // Tighter is higher.
};

Spelling spelling(Expr::Op op) {
  switch (op) {
    case Expr::Op::logical_or: return {"||", 1};
    case Expr::Op::logical_and: return {"&&", 2};
    case Expr::Op::equal: return {"==", 3};
    case Expr::Op::not_equal: return {"!=", 3};
    case Expr::Op::less: return {"<", 4};
    case Expr::Op::less_equal: return {"<=", 4};
    case Expr::Op::greater: return {">", 4};
    case Expr::Op::greater_equal: return {">=", 4};
    case Expr::Op::add: return {"+", 5};
    case Expr::Op::subtract: return {"-", 5};
    case Expr::Op::multiply: return {"*", 6};
    case Expr::Op::divide: return {"/", 6};
    case Expr::Op::logical_not: return {"!", 7};
    case Expr::Op::is_null: return {"is_null", 8};
    case Expr::Op::column:
    case Expr::Op::literal: break;
  }
  return {"", 8};
}

std::string print_literal(const Expr::Literal& literal) {
  struct Print {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(std::uint64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(const std::string& value) const {
      std::string out = "\"";
      for (const char c : value) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
      }
      return out + '"';
    }
  };
  return std::visit(Print{}, literal);
}

std::string print_column(const std::string& name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.';
  });
  return plain ? name : "col(" + print_literal(name) + ")";
}

}  // namespace

std::vector<std::string> Expr::columns() const {
  std::vector<std::string> names;
  collect_columns(*this, names);
  return names;
}

bool Expr::equals(const Expr& other) const {
  if (parts_ == other.parts_) return true;
  return op() == other.op() && parts_->column == other.parts_->column && parts_->literal == other.parts_->literal &&
         std::equal(operands().begin(), operands().end(), other.operands().begin(), other.operands().end(),
                    [](const Expr& a, const Expr& b) { return a.equals(b); });
}

std::string Expr::to_string() const {
  if (op() == Op::column) return print_column(column());
  if (op() == Op::literal) return print_literal(literal());
  const Spelling mine = spelling(op());
  if (op() == Op::is_null) return fmt::format("is_null({})", operands()[0].to_string());
  // The right operand of an equal operator needs parentheses: a - (b - c).
  const auto operand = [&](std::size_t i) {
    const std::string text = operands()[i].to_string();
    const int binds = spelling(operands()[i].op()).binds;
    return binds < mine.binds || (binds == mine.binds && i == 1) ? "(" + text + ")" : text;
  };
  if (op() == Op::logical_not) return "!" + operand(0);
  return fmt::format("{} {} {}", operand(0), mine.text, operand(1));
}

std::ostream& operator<<(std::ostream& out, const Expr& expr) { return out << expr.to_string(); }

}  // namespace shoal::data::inline v1
