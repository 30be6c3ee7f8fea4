#include <charconv>
#include <cmath>
#include <cstring>
#include <protozero/exception.hpp>
#include <string>

namespace {

struct WrongWireType : protozero::exception {
  const char* what() const noexcept override { return "a field has another wire type than onnx.proto says"; }
};

}  // namespace

// The library's own hook: by default it aborts, or in a release build reads on, where a damaged file has another wire type.
#define protozero_assert(condition) ((condition) ? void() : throw WrongWireType())
#include <protozero/pbf_message.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/onnx_model.h"

// Field numbers are those of onnx.proto (IR version 11).
namespace wattlayer::onnx {
namespace {

using protozero::pbf_reader;

/// Graphs inside attributes of nodes of graphs inside ...: deeper files are not networks.
constexpr int deepest = 32;

std::string_view text(pbf_reader& field) {
  const protozero::data_view view = field.get_view();
  return {view.data(), view.size()};
}

[[noreturn]] void invalid(const std::string& message) { throw Error(ErrorKind::invalid_input, message); }

/// 0.1f becomes 0.1, not 0.10000000149: the shortest decimal that names the float.
double shortest(float value) {
  if (!std::isfinite(value)) return value;
  char digits[48];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  double wide = 0;
  std::from_chars(digits, end, wide);
  return wide;
}

template <class T, class Range>
void append(std::vector<T>& list, const Range& range, size_t most) {
  for (auto value : range) {
    if (list.size() >= most) return;
    list.push_back(static_cast<T>(value));
  }
}

bool packed(const pbf_reader& field) { return field.wire_type() == protozero::pbf_wire_type::length_delimited; }

float half(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  const float magnitude = exponent == 0    ? std::ldexp(static_cast<float>(mantissa), -24)
                          : exponent == 31 ? (mantissa ? NAN : INFINITY)
                                           : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

template <class T>
std::vector<T> elements_of(std::string_view raw, size_t count) {
  std::vector<T> list(count);
  std::memcpy(list.data(), raw.data(), count * sizeof(T));
  return list;
}

template <class T>
Value whole(std::string_view raw, size_t count) {
  const std::vector<T> list = elements_of<T>(raw, count);
  return Value::of(std::vector<int64_t>(list.begin(), list.end()));
}

/// Elements stored as bytes, little-endian; nothing for types that no shape depends on.
std::optional<Value> from_raw(std::string_view raw, DataType dtype, size_t count) {
  if (raw.size() < count * static_cast<size_t>(bits(dtype)) / 8) return std::nullopt;
  std::vector<double> reals;
  switch (dtype) {
    case DataType::i64:
      return Value::of(elements_of<int64_t>(raw, count));
    case DataType::u64:
      return whole<uint64_t>(raw, count);
    case DataType::i32:
      return whole<int32_t>(raw, count);
    case DataType::u32:
      return whole<uint32_t>(raw, count);
    case DataType::i16:
      return whole<int16_t>(raw, count);
    case DataType::u16:
      return whole<uint16_t>(raw, count);
    case DataType::int8:
      return whole<int8_t>(raw, count);
    case DataType::uint8:
    case DataType::boolean:
      return whole<uint8_t>(raw, count);
    case DataType::f64:
      return Value::of(elements_of<double>(raw, count));
    case DataType::f32:
      for (float f : elements_of<float>(raw, count)) reals.push_back(shortest(f));
      return Value::of(std::move(reals));
    case DataType::f16:
      for (uint16_t h : elements_of<uint16_t>(raw, count)) reals.push_back(half(h));
      return Value::of(std::move(reals));
    default:
      return std::nullopt;
  }
}

/// How many elements can matter to a shape: real and 8-bit lists are scales and regions of one number or two a dimension. Longer
/// ones are weights, whose values would make equal layers look different.
int64_t most_elements_kept(DataType type) {
  if (type == DataType::i32) return 32;
  return type == DataType::i64 || type == DataType::boolean ? most_value_elements : 10;
}

/// What a TensorProto holds besides its dimensions and type.
struct Elements {
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::optional<std::string_view> raw;
  bool external = false;

  std::shared_ptr<const Value> value(const Tensor& tensor) const {
    const double count = tensor.elements();
    if (external || count > static_cast<double>(most_elements_kept(tensor.dtype))) return nullptr;
    const size_t size = static_cast<size_t>(count);
    if (raw && size > 0) {
      auto value = from_raw(*raw, tensor.dtype, size);
      return value ? std::make_shared<Value>(std::move(*value)) : nullptr;
    }
    if (is_float(tensor.dtype)) {
      if (reals.size() == size) return std::make_shared<Value>(Value::of(reals));
      if (tensor.dtype != DataType::f16 || integers.size() != size) return nullptr;
      std::vector<double> halves;
      for (int64_t bits : integers) halves.push_back(half(static_cast<uint16_t>(bits)));
      return std::make_shared<Value>(Value::of(std::move(halves)));
    }
    const bool whole = is_integer(tensor.dtype) || tensor.dtype == DataType::boolean;
    return whole && integers.size() == size ? std::make_shared<Value>(Value::of(integers)) : nullptr;
  }
};

void read_floats(std::vector<double>& list, pbf_reader& field, size_t most) {
  if (!packed(field)) {
    if (list.size() < most) list.push_back(shortest(field.get_float()));
    return;
  }
  for (float f : field.get_packed_float()) {
    if (list.size() >= most) return;
    list.push_back(shortest(f));
  }
}

void read_integers(std::vector<int64_t>& list, pbf_reader& field, size_t most) {
  if (packed(field)) append(list, field.get_packed_int64(), most);
  else if (list.size() < most) list.push_back(field.get_int64());
  else field.skip();
}

DataType data_type(int64_t number, std::string_view owner) {
  if (auto type = number <= 100 ? from_onnx_type(static_cast<int>(number)) : std::nullopt) return *type;
  invalid("tensor '" + std::string(owner) + "' has element type " + std::to_string(number) + ", which ONNX does not define");
}

StoredTensor read_tensor(pbf_reader message) {
  StoredTensor stored;
  Tensor& tensor = stored.tensor;
  Elements elements;
  int64_t type = 0;
  constexpr size_t most = most_value_elements + 1;
  while (message.next()) switch (message.tag()) {
      case 1:
        read_integers(tensor.shape, message, 64);
        break;
      case 2:
        type = message.get_int32();
        break;
      case 4:
        read_floats(elements.reals, message, most);
        break;
      case 5:
        if (packed(message)) append(elements.integers, message.get_packed_int32(), most);
        else elements.integers.push_back(message.get_int32());
        break;
      case 7:
      case 11:
        read_integers(elements.integers, message, most);
        break;
      case 8:
        stored.name = text(message);
        break;
      case 9:
        elements.raw = text(message);
        break;
      case 10:
        if (packed(message)) append(elements.reals, message.get_packed_double(), most);
        else elements.reals.push_back(message.get_double());
        break;
      case 14:
        elements.external = message.get_int32() == 1;
        break;
      default:
        message.skip();
    }
  tensor.dtype = data_type(type, stored.name);
  tensor.constant = true;
  for (int64_t d : tensor.shape)
    if (d < 0) invalid("tensor '" + std::string(stored.name) + "' has dimension " + std::to_string(d) + "; expected 0 or more");
  tensor.value = elements.value(tensor);
  return stored;
}

/// A sparse tensor counts as a dense constant of its dimensions.
StoredTensor read_sparse_tensor(pbf_reader message) {
  StoredTensor stored;
  Shape shape;
  while (message.next()) switch (message.tag()) {
      case 1:
        stored = read_tensor(message.get_message());
        break;
      case 3:
        read_integers(shape, message, 64);
        break;
      default:
        message.skip();
    }
  stored.tensor.shape = std::move(shape);
  stored.tensor.value = nullptr;
  for (int64_t d : stored.tensor.shape)
    if (d < 0)
      invalid("sparse tensor '" + std::string(stored.name) + "' has dimension " + std::to_string(d) + "; expected 0 or more");
  return stored;
}

Dimension read_dimension(pbf_reader message) {
  Dimension dimension;
  while (message.next()) switch (message.tag()) {
      case 1:
        dimension.size = message.get_int64();
        break;
      case 2:
        dimension.name = text(message);
        break;
      default:
        message.skip();
    }
  if (dimension.size && *dimension.size < 0) dimension.size.reset();  // some exporters write -1 for "any"
  return dimension;
}

std::vector<Dimension> read_shape(pbf_reader message) {
  std::vector<Dimension> shape;
  while (message.next(1)) {
    shape.push_back(read_dimension(message.get_message()));
    if (shape.size() > 64) invalid("a declared shape has more than 64 dimensions");
  }
  return shape;
}

void read_tensor_type(pbf_reader message, ValueInfo& info) {
  int64_t type = 1;
  while (message.next()) switch (message.tag()) {
      case 1:
        type = message.get_int32();
        break;
      case 2:
        info.shape = read_shape(message.get_message());
        break;
      default:
        message.skip();
    }
  info.dtype = type == 0 ? DataType::f32 : data_type(type, info.name);
}

/// A TypeProto: a tensor, or a sequence or optional of one.
void read_type(pbf_reader message, ValueInfo& info, int depth = 0) {
  if (depth > deepest)
    invalid("the type of '" + std::string(info.name) + "' is nested more than " + std::to_string(deepest) + " deep");
  while (message.next()) switch (message.tag()) {
      case 1:
      case 8:
        read_tensor_type(message.get_message(), info);
        break;
      case 4:
      case 9: {
        info.is_sequence = info.is_sequence || message.tag() == 4;
        pbf_reader inner = message.get_message();
        while (inner.next(1)) read_type(inner.get_message(), info, depth + 1);
        break;
      }
      default:
        message.skip();
    }
}

ValueInfo read_value_info(pbf_reader message) {
  ValueInfo info;
  std::optional<pbf_reader> type;
  while (message.next()) switch (message.tag()) {
      case 1:
        info.name = text(message);
        break;
      case 2:
        type = message.get_message();
        break;
      default:
        message.skip();
    }
  if (type) read_type(*type, info);
  return info;
}

Graph read_graph(pbf_reader message, int depth);

NodeAttribute read_attribute(pbf_reader message, int depth) {
  NodeAttribute attribute;
  int type = 0;
  std::optional<Attribute> single;
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string> texts;
  constexpr size_t most = size_t{1} << 20;
  while (message.next()) switch (message.tag()) {
      case 1:
        attribute.name = text(message);
        break;
      case 2:
        single = shortest(message.get_float());
        break;
      case 3:
        single = message.get_int64();
        break;
      case 4:
        single = std::string(text(message));
        break;
      case 5:
        attribute.tensor = read_tensor(message.get_message()).tensor;
        break;
      case 22:
        attribute.tensor = read_sparse_tensor(message.get_message()).tensor;
        break;
      case 6:
      case 11:
        attribute.graphs.push_back(std::make_shared<Graph>(read_graph(message.get_message(), depth + 1)));
        break;
      case 7:
        read_floats(reals, message, most);
        break;
      case 8:
        read_integers(integers, message, most);
        break;
      case 9:
        texts.emplace_back(text(message));
        break;
      case 20:
        type = message.get_int32();
        break;
      case 21:
        attribute.reference = text(message);
        break;
      default:
        message.skip();
    }
  // Writers of the first IR versions leave the type out; the field in use tells it.
  if (type == 7 || (type == 0 && !integers.empty())) attribute.value = std::move(integers);
  else if (type == 6 || (type == 0 && !reals.empty())) attribute.value = std::move(reals);
  else if (type == 8 || (type == 0 && !texts.empty())) attribute.value = std::move(texts);
  else if (single) attribute.value = std::move(single);
  // A value that equals the proto default may be left out.
  else if (type == 1) attribute.value = 0.0;
  else if (type == 2) attribute.value = int64_t{0};
  else if (type == 3) attribute.value = std::string();
  return attribute;
}

Node read_node(pbf_reader message, int depth) {
  Node node;
  while (message.next()) switch (message.tag()) {
      case 1:
        node.inputs.push_back(text(message));
        break;
      case 2:
        node.outputs.push_back(text(message));
        break;
      case 3:
        node.name = text(message);
        break;
      case 4:
        node.op = text(message);
        break;
      case 5:
        node.attributes.push_back(read_attribute(message.get_message(), depth));
        break;
      case 7:
        node.domain = text(message);
        break;
      case 8:
        node.overload = text(message);
        break;
      default:
        message.skip();
    }
  if (node.domain == "ai.onnx") node.domain = {};
  return node;
}

Graph read_graph(pbf_reader message, int depth) {
  if (depth > deepest) invalid("graphs are nested more than " + std::to_string(deepest) + " deep; simplify the network");
  Graph graph;
  while (message.next()) switch (message.tag()) {
      case 1:
        graph.nodes.push_back(read_node(message.get_message(), depth));
        break;
      case 2:
        graph.name = text(message);
        break;
      case 5:
        graph.initializers.push_back(read_tensor(message.get_message()));
        break;
      case 15:
        graph.initializers.push_back(read_sparse_tensor(message.get_message()));
        break;
      case 11:
        graph.inputs.push_back(read_value_info(message.get_message()));
        break;
      case 12:
        graph.outputs.push_back(read_value_info(message.get_message()));
        break;
      case 13:
        graph.values.push_back(read_value_info(message.get_message()));
        break;
      default:
        message.skip();
    }
  return graph;
}

void read_opset(pbf_reader message, std::map<std::string_view, int64_t>& opsets) {
  std::string_view domain;
  int64_t version = 0;
  while (message.next()) switch (message.tag()) {
      case 1:
        domain = text(message);
        break;
      case 2:
        version = message.get_int64();
        break;
      default:
        message.skip();
    }
  if (domain == "ai.onnx") domain = {};
  opsets[domain] = std::max(opsets[domain], version);
}

Function read_function(pbf_reader message) {
  Function function;
  while (message.next()) switch (message.tag()) {
      case 1:
        function.name = text(message);
        break;
      case 4:
        function.inputs.push_back(text(message));
        break;
      case 5:
        function.outputs.push_back(text(message));
        break;
      case 6:
        function.attribute_names.push_back(text(message));
        break;
      case 7:
        function.nodes.push_back(read_node(message.get_message(), 0));
        break;
      case 9:
        read_opset(message.get_message(), function.opsets);
        break;
      case 10:
        function.domain = text(message);
        break;
      case 11:
        function.attributes.push_back(read_attribute(message.get_message(), 0));
        break;
      case 13:
        function.overload = text(message);
        break;
      default:
        message.skip();
    }
  if (function.domain == "ai.onnx") function.domain = {};
  return function;
}

}  // namespace

const NodeAttribute* Node::find(std::string_view attribute) const {
  for (const NodeAttribute& a : attributes)
    if (a.name == attribute) return &a;
  return nullptr;
}

Model parse(std::string_view bytes) try {
  Model model;
  bool has_graph = false;
  pbf_reader message(bytes.data(), bytes.size());
  while (message.next()) switch (message.tag()) {
      case 1:
        model.ir_version = message.get_int64();
        break;
      case 7:
        if (has_graph) invalid("the file holds more than one graph");
        model.graph = read_graph(message.get_message(), 0);
        has_graph = true;
        break;
      case 8:
        read_opset(message.get_message(), model.opsets);
        break;
      case 25:
        model.functions.push_back(read_function(message.get_message()));
        break;
      default:
        message.skip();
    }
  if (!has_graph) invalid("no graph found; expected an ONNX model");
  return model;
} catch (const protozero::exception& e) {
  // The exceptions of protozero carry no position: a field ends behind the file, or its type is not the one of onnx.proto.
  invalid("not a readable ONNX model (" + std::string(e.what()) + "); the file is damaged, truncated or of another format");
}

}  // namespace wattlayer::onnx
