#include "wattlayer/ops/layer_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

[[noreturn]] void unreadable(std::string_view word, std::string_view expected) {
  throw Error(ErrorKind::invalid_input, fmt::format("cannot read '{}' in a layer; expected {}", word, expected));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  if (text.empty()) return parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(separator, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

int64_t parse_integer(std::string_view text, std::string_view word) {
  int64_t value = 0;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || text.empty()) unreadable(word, "a whole number");
  return value;
}

double parse_real(std::string_view text, std::string_view word) {
  double value = 0;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || text.empty()) unreadable(word, "a number");
  return value;
}

bool is_real(std::string_view text) { return text.find_first_of(".en") != std::string_view::npos; }

std::string print_real(double value) {
  std::string text = fmt::format("{}", value);
  return is_real(text) ? text : text + ".0";
}

Shape parse_shape(std::string_view text, std::string_view word) {
  if (text == "scalar") return {};
  Shape shape;
  for (std::string_view part : split(text, 'x')) {
    shape.push_back(parse_integer(part, word));
    if (shape.back() < 0) unreadable(word, "dimensions of 0 or more");
  }
  if (shape.empty()) unreadable(word, "a shape such as 1x64x56x56, or scalar");
  return shape;
}

std::string print_value(const Tensor& tensor) {
  std::string out = "[";
  const Value& value = *tensor.value;
  for (size_t i = 0; i < value.size(); ++i) {
    if (i) out += ',';
    out += value.is_real ? print_real(value.reals[i]) : std::to_string(value.integers[i]);
  }
  out += ']';
  if (tensor.rank() != 1) out += '@' + rules::text(tensor.shape);
  return out;
}

std::string print_tensor(const Tensor& tensor, DataType usual) {
  if (!tensor.present) return "-";
  if (!tensor.known) return "?";
  if (tensor.value) {
    const DataType implied = tensor.value->is_real ? usual : DataType::i64;
    return (tensor.dtype == implied ? "" : std::string(name(tensor.dtype)) + ":") + print_value(tensor);
  }
  return (tensor.dtype == usual ? "" : std::string(name(tensor.dtype)) + ":") + rules::text(tensor.shape);
}

Tensor parse_value(std::string_view text, std::string_view word, DataType usual) {
  const size_t close = text.find(']');
  if (close == std::string_view::npos) unreadable(word, "a closing ]");
  const auto parts = split(text.substr(1, close - 1), ',');
  const bool real = std::any_of(parts.begin(), parts.end(), is_real);
  Value value;
  value.is_real = real;
  for (std::string_view part : parts) {
    if (real) value.reals.push_back(parse_real(part, word));
    else value.integers.push_back(parse_integer(part, word));
  }
  Tensor tensor = Tensor::of({static_cast<int64_t>(value.size())}, real ? usual : DataType::i64);
  if (close + 1 < text.size()) {
    if (text[close + 1] != '@') unreadable(word, "@ and a shape after ]");
    tensor.shape = parse_shape(text.substr(close + 2), word);
    if (elements(tensor.shape) != static_cast<double>(value.size())) unreadable(word, "as many values as the shape has elements");
  }
  tensor.constant = true;
  tensor.value = std::make_shared<const Value>(std::move(value));
  return tensor;
}

Tensor parse_tensor(std::string_view word, DataType usual) {
  if (word == "-") return Tensor::absent();
  if (word == "?") return {.known = false};
  std::string_view text = word;
  std::optional<DataType> type;
  if (const size_t colon = word.find(':'); colon != std::string_view::npos) {
    type = parse_data_type(word.substr(0, colon));
    if (!type) unreadable(word, "a data type before ':'");
    text = word.substr(colon + 1);
  }
  Tensor tensor;
  if (text.starts_with('[')) tensor = parse_value(text, word, usual);
  else tensor = Tensor::of(parse_shape(text, word), usual);
  if (type) tensor.dtype = *type;
  return tensor;
}

/// Texts in attributes and names may hold spaces or commas; they are written with a backslash.
std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == ' ') out += "\\s";
    else if (c == ',') out += "\\c";
    else if (c == '\n') out += "\\n";
    else if (c == '\\') out += "\\\\";
    else out += c;
  }
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    out += c == 's' ? ' ' : c == 'c' ? ',' : c == 'n' ? '\n' : c;
  }
  return out;
}

template <class T, class Print>
std::string join(const std::vector<T>& items, Print print) {
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    out += print(items[i]);
  }
  return out;
}

std::string print_attribute(const Attribute& value) {
  struct Printer {
    std::string operator()(int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return print_real(v); }
    std::string operator()(const std::string& v) const { return "'" + escape(v); }
    std::string operator()(const std::vector<int64_t>& v) const {
      const std::string list = join(v, [](int64_t x) { return std::to_string(x); });
      return v.size() == 1 ? list + "," : v.empty() ? "," : list;
    }
    std::string operator()(const std::vector<double>& v) const {
      const std::string list = join(v, print_real);
      return v.size() == 1 ? list + "," : v.empty() ? ".," : list;
    }
    std::string operator()(const std::vector<std::string>& v) const {
      const std::string list = join(v, [](const std::string& x) { return "'" + escape(x); });
      return v.size() == 1 ? list + "," : v.empty() ? "'," : list;
    }
  };
  return std::visit(Printer{}, value);
}

/// A trailing comma makes a list of one; a quote in front marks text; plain words are text too.
Attribute parse_attribute(std::string_view text, std::string_view word) {
  if (text == ",") return std::vector<int64_t>{};
  if (text == ".,") return std::vector<double>{};
  if (text == "',") return std::vector<std::string>{};
  const bool list = text.find(',') != std::string_view::npos;
  if (text.ends_with(',')) text.remove_suffix(1);
  if (text.empty()) unreadable(word, "a value after '='");
  const bool quoted = text.starts_with('\'');
  const bool number = !quoted && (std::isdigit(static_cast<unsigned char>(text[0])) || text[0] == '-' || text[0] == '.' ||
                                  text == "inf" || text == "nan");
  if (!number) {
    auto plain = [](std::string_view t) { return unescape(t.starts_with('\'') ? t.substr(1) : t); };
    if (!list) return plain(text);
    std::vector<std::string> texts;
    for (std::string_view part : split(text, ',')) texts.push_back(plain(part));
    return texts;
  }
  if (is_real(text)) {
    if (!list) return parse_real(text, word);
    std::vector<double> reals;
    for (std::string_view part : split(text, ',')) reals.push_back(parse_real(part, word));
    return reals;
  }
  if (!list) return parse_integer(text, word);
  std::vector<int64_t> integers;
  for (std::string_view part : split(text, ',')) integers.push_back(parse_integer(part, word));
  return integers;
}

bool usually_constant(const Operator* op, const Tensor& tensor, size_t i) {
  return tensor.value != nullptr || (op && i < 32 && (op->weight_inputs >> i & 1u));
}

bool same_shape(const Tensor& a, const Tensor& b) {
  if (!a.present && !b.present) return true;
  return a.present == b.present && a.known == b.known && (!a.known || (a.shape == b.shape && a.dtype == b.dtype));
}

bool is_attribute_name(std::string_view name) {
  static const std::set<std::string_view> names = [] {
    std::set<std::string_view> all = {"axes", "axis"};
    for (const Operator* op : catalogue())
      for (const AttributeInfo& a : op->attributes) all.insert(a.name);
    return all;
  }();
  return names.contains(name);
}

/// Attributes that do not matter are passed over, so a slip of the pen would silently price another layer.
void set_attribute(Layer& layer, const Operator* op, std::string_view word, size_t equals) {
  const std::string_view name = word.substr(0, equals);
  std::vector<std::string_view> meant = {"dtype", "const", "fused", "outputs"};
  if (op)
    for (const AttributeInfo& a : op->attributes) meant.push_back(a.name);
  for (std::string_view known : meant)
    if (op && known.size() > 3 && edits(name, known) <= 2 && !is_attribute_name(name))
      throw Error(ErrorKind::invalid_input,
                  fmt::format("'{}': {} has no attribute '{}'; did you mean {}?", word, op->name, name, known));
  layer.attributes.set(name, parse_attribute(word.substr(equals + 1), word));
}

}  // namespace

std::string print(const Layer& original) {
  Layer layer = original;
  strip_defaults(layer);
  const Operator* op = find_operator(layer.op);
  std::string out = layer.op;
  size_t inputs = layer.inputs.size();
  while (inputs > 0 && !layer.inputs[inputs - 1].present) --inputs;
  for (size_t i = 0; i < inputs; ++i) out += ' ' + print_tensor(layer.inputs[i], layer.dtype);

  bool habitual = true;
  std::string constants;
  for (size_t i = 0; i < inputs; ++i) {
    const Tensor& in = layer.inputs[i];
    if (!in.present || in.value) continue;
    habitual = habitual && in.constant == usually_constant(op, in, i);
    if (in.constant) constants += (constants.empty() ? "" : ",") + std::to_string(i);
  }
  if (!habitual) out += " const=" + (constants.empty() ? "-" : constants);
  for (const auto& [name, value] : layer.attributes.items()) out += ' ' + name + '=' + print_attribute(value);
  if (layer.in_place) out += " inplace";
  if (!layer.fused.empty()) out += " fused=" + join(layer.fused, [](const std::string& x) { return x; });
  if (layer.outputs.size() > 1)
    out += " outputs=" + join(layer.outputs, [](const Tensor& t) { return std::string(t.present ? "1" : "0"); });
  out += fmt::format(" dtype={}", name(layer.dtype));

  Layer inferred = layer;
  for (Tensor& t : inferred.outputs) t = {.present = t.present, .known = false};
  bool given_by_rule = true;
  try {
    infer(inferred);
    for (size_t i = 0; i < layer.outputs.size(); ++i)
      given_by_rule = given_by_rule && i < inferred.outputs.size() && same_shape(layer.outputs[i], inferred.outputs[i]);
  } catch (const Error&) {
    given_by_rule = false;
  }
  if (!given_by_rule) {
    out += " ->";
    for (const Tensor& t : layer.outputs)
      out += ' ' + print_tensor({.shape = t.shape, .dtype = t.dtype, .present = t.present, .known = t.known}, layer.dtype);
  }
  return out;
}

Layer parse_layer(std::string_view text) {
  std::vector<std::string> words;
  std::istringstream stream{std::string(text)};
  for (std::string word; stream >> word;) words.push_back(word);
  if (words.empty())
    throw Error(ErrorKind::invalid_input,
                "a layer is empty; expected an operator and its input shapes, such as: Relu 1x64x56x56");

  Layer layer;
  layer.op = words[0];
  for (const std::string& word : words)
    if (word.starts_with("dtype=")) layer.dtype = require_data_type(std::string_view(word).substr(6));
  const Operator* op = find_operator(layer.op);

  std::optional<std::string_view> constants;
  bool after_arrow = false, outputs_given = false;
  std::vector<Tensor> given_outputs;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const size_t equals = word.find('=');
    if (word == "->") after_arrow = true;
    else if (after_arrow) given_outputs.push_back(parse_tensor(word, layer.dtype));
    else if (word == "inplace") layer.in_place = true;
    else if (equals == std::string_view::npos) layer.inputs.push_back(parse_tensor(word, layer.dtype));
    else if (word.starts_with("dtype=")) continue;
    else if (word.starts_with("const=")) constants = word.substr(6);
    else if (word.starts_with("fused=")) {
      for (std::string_view part : split(word.substr(6), ',')) layer.fused.emplace_back(part);
    } else if (word.starts_with("outputs=")) {
      outputs_given = true;
      for (std::string_view part : split(word.substr(8), ',')) layer.outputs.push_back({.present = part == "1"});
    } else if (equals == 0 || equals + 1 == word.size()) unreadable(word, "name=value");
    else set_attribute(layer, op, word, equals);
  }
  for (size_t i = 0; i < layer.inputs.size(); ++i)
    layer.inputs[i].constant = layer.inputs[i].present && usually_constant(op, layer.inputs[i], i);
  if (constants) {
    for (Tensor& in : layer.inputs) in.constant = in.value != nullptr;
    if (*constants != "-")
      for (std::string_view part : split(*constants, ',')) {
        const int64_t i = parse_integer(part, *constants);
        if (i < 0 || i >= static_cast<int64_t>(layer.inputs.size())) unreadable(part, "the number of an input");
        layer.inputs[static_cast<size_t>(i)].constant = true;
      }
  }
  if (!outputs_given) layer.outputs.resize(std::max<size_t>(1, given_outputs.size()));
  if (op) {
    try {
      infer(layer);
    } catch (const Error&) {
      if (given_outputs.empty()) throw;
    }
    strip_defaults(layer);
  } else {
    for (Tensor& out : layer.outputs) out.known = false;
  }
  for (size_t i = 0; i < given_outputs.size() && i < layer.outputs.size(); ++i) layer.outputs[i] = given_outputs[i];
  return layer;
}

}  // namespace wattlayer
