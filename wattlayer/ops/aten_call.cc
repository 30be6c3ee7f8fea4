#include "wattlayer/ops/aten_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

/// `None`, `true`, `3`, `1e-05`, `[1,2]` or a word.
AtenValue parse_literal(std::string_view text) {
  if (text.empty() || text == "None") return std::monostate();
  if (text == "true" || text == "false") return text == "true";
  if (text.front() == '[') {
    std::vector<int64_t> list;
    for (size_t at = 1; at < text.size() - 1;) {
      const size_t end = std::min(text.find(',', at), text.size() - 1);
      int64_t value = 0;
      std::from_chars(text.data() + at, text.data() + end, value);
      list.push_back(value);
      at = end + 1;
    }
    return list;
  }
  int64_t whole = 0;
  if (auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), whole);
      fault == std::errc() && end == text.data() + text.size())
    return whole;
  double real = 0;
  if (auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), real);
      fault == std::errc() && end == text.data() + text.size())
    return real;
  return std::string(text);
}

AtenValue from_attribute(const Layer& layer, std::string_view name, std::string_view otherwise) {
  const Attribute* found = layer.attributes.find(name);
  if (!found) return parse_literal(otherwise);
  return std::visit(
      [&](const auto& value) -> AtenValue {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::vector<std::string>>)
          throw Error(ErrorKind::unsupported, layer.op + ": a list of texts has no ATen counterpart");
        else return value;
      },
      *found);
}

/// Elements of a small constant: a number for a scalar, else a list.
AtenValue from_input(const Layer& layer, size_t i, std::string_view otherwise) {
  if (!layer.has_input(i)) return parse_literal(otherwise);
  const Tensor& t = layer.input(i);
  if (!t.value)
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: input {} is computed by the network; ATen needs it as a number", layer.op, i));
  if (t.rank() == 0 && t.value->size() == 1) {
    if (t.value->is_real) return t.value->reals[0];
    return t.value->integers[0];
  }
  if (t.value->is_real) return t.value->reals;
  return t.value->integers;
}

/// Writes the calls of a Run, whose argument sources stand in operator.h.
class Resolver {
 public:
  explicit Resolver(const Layer& layer) : layer_(layer) {}

  AtenCalls resolve(const Run& run) {
    std::string name(run.aten);
    if (const size_t at = run.aten.find("{d}"); at != run.aten.npos)
      name = fmt::format("{}{}{}", run.aten.substr(0, at), std::max<int64_t>(1, layer_.input(0).rank() - 2),
                         run.aten.substr(at + 3));
    if (run.aten.starts_with("aten::max_pool") && layer_.outputs.size() > 1) name += "_with_indices";
    // The pads come first: they may change the first input.
    for (const RunArgument& a : run.arguments)
      if (a.source == RunArgument::Source::pads) read_pads(a, run.aten.starts_with("aten::max_pool"));
    std::vector<AtenArgument> arguments;
    for (const RunArgument& a : run.arguments) arguments.push_back(argument(a));
    const Operand first = calls_.add(std::move(name), std::move(arguments));
    for (size_t i = 0; i < layer_.outputs.size(); ++i) calls_.outputs.push_back(aten::result(first, static_cast<int>(i)));
    return std::move(calls_);
  }

 private:
  Operand tensor(int index) const {
    if (index == 0 && padded_) return *padded_;
    return aten::optional_input(layer_, static_cast<size_t>(index));
  }

  void read_pads(const RunArgument& a, bool maximum) {
    const std::vector<int64_t> pads = layer_.attributes.integers(a.attribute);
    const size_t half = pads.size() / 2;
    pads_.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(half));
    if (pads_.empty()) pads_ = {0};
    if (std::equal(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(half),
                   pads.begin() + static_cast<std::ptrdiff_t>(half)))
      return;
    std::vector<int64_t> around;
    for (size_t i = half; i-- > 0;) around.insert(around.end(), {pads[i], pads[i + half]});
    const AtenValue filling = maximum ? AtenValue(-std::numeric_limits<double>::infinity()) : AtenValue(0.0);
    padded_ = calls_.add("aten::constant_pad_nd", {{"self", aten::input(0)}, {"pad", around}, {"value", filling}});
    pads_.assign(half, 0);
  }

  AtenArgument argument(const RunArgument& a) {
    using Source = RunArgument::Source;
    const std::string name(a.parameter);
    const size_t index = static_cast<size_t>(a.index);
    switch (a.source) {
      case Source::input:
        if (!a.attribute.empty() && layer_.attributes.integer(a.attribute, 0) == 1)
          return {name,
                  calls_.add("aten::transpose.int", {{"self", tensor(a.index)}, {"dim0", int64_t{-2}}, {"dim1", int64_t{-1}}})};
        return {name, tensor(a.index)};
      case Source::flat_input:
        return {name, calls_.add("aten::flatten.using_ints", {{"self", tensor(a.index)}})};
      case Source::inputs_from: {
        std::vector<Operand> list;
        for (size_t i = index; i < layer_.inputs.size(); ++i)
          if (layer_.has_input(i)) list.push_back(tensor(static_cast<int>(i)));
        return {name, std::move(list)};
      }
      case Source::input_value:
        return {name, from_input(layer_, index, a.literal)};
      case Source::input_dims: {
        const AtenValue from = from_attribute(layer_, a.attribute, a.literal);
        const Shape& shape = layer_.input(index).shape;
        const int64_t axis = aten::axis(layer_, index, std::get<int64_t>(from));
        return {name, AtenValue(Shape(shape.begin() + axis, shape.end()))};
      }
      case Source::attribute:
        return {name, from_attribute(layer_, a.attribute, a.literal)};
      case Source::pads:
        return {name, AtenValue(pads_)};
      case Source::constant:
        return {name, parse_literal(a.literal)};
      case Source::output_shape:
        return {name, AtenValue(layer_.output(index).shape)};
      case Source::output_dtype:
        return {name, AtenValue(layer_.output(index).dtype)};
      case Source::spatial_output: {
        const Shape& shape = layer_.output(index).shape;
        return {name, AtenValue(Shape(shape.begin() + std::min<std::ptrdiff_t>(2, std::ssize(shape)), shape.end()))};
      }
      case Source::equals:
        return {name, AtenValue(layer_.attributes.text(a.attribute, "") == a.literal)};
    }
    throw Error(ErrorKind::internal, layer_.op + ": its calls must come from a function");
  }

  const Layer& layer_;
  AtenCalls calls_;
  std::optional<Operand> padded_;
  std::vector<int64_t> pads_;
};

}  // namespace

Operand AtenCalls::add(std::string aten, std::vector<AtenArgument> arguments) {
  calls.push_back({std::move(aten), std::move(arguments), false});
  return {Operand::From::call, static_cast<int>(calls.size()) - 1};
}

Operand AtenCalls::add_once(std::string aten, std::vector<AtenArgument> arguments) {
  const Operand made = add(std::move(aten), std::move(arguments));
  calls.back().once = true;
  return made;
}

AtenCalls aten_calls(const Layer& layer) {
  const Operator* op = find_operator(layer.op);
  if (!op || op->run.aten.empty()) return {};
  if (op->calls) return op->calls(layer);
  return Resolver(layer).resolve(op->run);
}

namespace aten {

AtenCalls single(std::string aten, std::vector<AtenArgument> arguments) {
  AtenCalls calls;
  calls.outputs = {calls.add(std::move(aten), std::move(arguments))};
  return calls;
}

std::vector<int64_t> integers(const Layer& layer, size_t i) {
  const auto& value = layer.input(i).value;
  if (!value)
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: input {} is computed by the network; ATen needs it as numbers", layer.op, i));
  std::vector<int64_t> out;
  for (size_t j = 0; j < value->size(); ++j) out.push_back(value->integer(j));
  return out;
}

int64_t axis(const Layer& layer, size_t i, int64_t axis) { return rules::axis(axis, layer.input(i).rank()); }

}  // namespace aten
}  // namespace wattlayer
