#include "arguments.h"

#include <cmath>
#include <limits>

#include "failure.h"
#include "generator.h"

namespace runner {
namespace {

using nlohmann::json;

c10::TypePtr without_optional(c10::TypePtr type) {
  while (type->kind() == c10::TypeKind::OptionalType) type = type->castRaw<c10::OptionalType>()->getElementType();
  return type;
}

bool is_integer(c10::TypeKind kind) { return kind == c10::TypeKind::IntType || kind == c10::TypeKind::SymIntType; }

int64_t integer(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  return value.is_number_integer() ? value.get<int64_t>() : static_cast<int64_t>(real(value));
}

bool boolean(const json& value) { return value.is_boolean() ? value.get<bool>() : integer(value) != 0; }

c10::IValue scalar(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<int64_t>();
  return real(value);
}

/// A single number stands for a list of equal ones.
template <typename T, typename Read>
c10::IValue list(const json& value, const c10::Argument& parameter, Read read) {
  c10::List<T> out;
  if (value.is_array())
    for (const json& element : value) out.push_back(read(element));
  else
    for (int i = 0; i < parameter.N().value_or(1); ++i) out.push_back(read(value));
  return out;
}

c10::IValue fit_value(const json& value, const c10::Argument& parameter) {
  if (value.is_null()) return c10::IValue();
  const c10::TypePtr type = without_optional(parameter.type());
  if (type->kind() == c10::TypeKind::ListType) {
    const c10::TypePtr element = without_optional(type->castRaw<c10::ListType>()->getElementType());
    if (is_integer(element->kind())) return list<int64_t>(value, parameter, integer);
    if (element->kind() == c10::TypeKind::FloatType) return list<double>(value, parameter, real);
    if (element->kind() == c10::TypeKind::BoolType) return list<bool>(value, parameter, boolean);
    throw Failure("failed", "parameter " + parameter.name() + " wants " + type->str());
  }
  if (value.is_array()) {
    if (value.size() == 1) return fit_value(value[0], parameter);
    throw Failure("failed", "parameter " + parameter.name() + " wants " + type->str() + ", found a list");
  }
  if (is_integer(type->kind())) return integer(value);
  if (type->kind() == c10::TypeKind::FloatType) return real(value);
  if (type->kind() == c10::TypeKind::BoolType) return boolean(value);
  if (type->kind() == c10::TypeKind::NumberType) return scalar(value);
  if (type->kind() == c10::TypeKind::StringType) return value.get<std::string>();
  throw Failure("failed", "parameter " + parameter.name() + " wants " + type->str());
}

}  // namespace

double real(const json& value) {
  if (!value.is_string()) return value.get<double>();
  const std::string text = value.get<std::string>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text != "inf" && text != "-inf") throw Failure("failed", "expected a number, found " + text);
  return text == "inf" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
}

c10::IValue fit(const json& argument, const c10::Argument& parameter) {
  if (argument.contains("dtype")) return static_cast<int64_t>(scalar_type(argument["dtype"].get<std::string>()));
  return fit_value(argument.at("value"), parameter);
}

c10::IValue unnamed(const c10::Argument& parameter, at::Device device) {
  if (without_optional(parameter.type())->kind() == c10::TypeKind::DeviceObjType) return device;
  if (parameter.default_value()) return *parameter.default_value();
  if (parameter.type()->kind() == c10::TypeKind::OptionalType) return c10::IValue();
  throw Failure("failed", "parameter " + parameter.name() + " needs a value");
}

bool takes_absent_tensors(const c10::Argument& parameter) {
  const c10::TypePtr type = without_optional(parameter.type());
  return type->kind() == c10::TypeKind::ListType &&
         type->castRaw<c10::ListType>()->getElementType()->kind() == c10::TypeKind::OptionalType;
}

}  // namespace runner
