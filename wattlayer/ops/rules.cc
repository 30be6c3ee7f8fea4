#include "wattlayer/ops/rules.h"

#include <algorithm>

#include "wattlayer/core/error.h"

namespace wattlayer::rules {

std::string text(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string out;
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? "x" : "") + std::to_string(shape[i]);
  return out;
}

void require(bool condition, const Layer& layer, const std::string& message) {
  if (!condition) throw Error(ErrorKind::invalid_input, layer.op + ": " + message);
}

bool inputs_known(Layer& layer) {
  const bool known = std::all_of(layer.inputs.begin(), layer.inputs.end(), [](const Tensor& t) { return !t.present || t.known; });
  if (!known)
    for (Tensor& out : layer.outputs) out.known = false;
  return known;
}

bool inputs_known(Layer& layer, size_t required) {
  for (size_t i = 0; i < required; ++i)
    require(layer.has_input(i), layer,
            "input " + std::to_string(i) + " is missing; expected " + std::to_string(required) + " inputs");
  return inputs_known(layer);
}

void unknown(Layer& layer) {
  for (Tensor& out : layer.outputs) out.known = false;
}

void set_output(Layer& layer, size_t i, Shape shape, DataType dtype) {
  if (layer.outputs.size() <= i) layer.outputs.resize(i + 1);
  Tensor& out = layer.outputs[i];
  out.shape = std::move(shape);
  out.dtype = dtype;
  out.known = true;
  out.bounded = std::any_of(layer.inputs.begin(), layer.inputs.end(), [](const Tensor& t) { return t.bounded; });
}

Shape broadcast(const Shape& a, const Shape& b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape out(rank);
  for (size_t i = 0; i < rank; ++i) {
    const int64_t x = i + a.size() < rank ? 1 : a[i + a.size() - rank];
    const int64_t y = i + b.size() < rank ? 1 : b[i + b.size() - rank];
    if (x != y && x != 1 && y != 1)
      throw Error(ErrorKind::invalid_input,
                  "cannot broadcast " + text(a) + " with " + text(b) + "; dimensions must be equal or 1");
    out[i] = x == 1 ? y : x;
  }
  return out;
}

Shape broadcast_inputs(const Layer& layer, size_t first) {
  Shape out;
  bool bounded = false;
  for (size_t n = first; n < layer.inputs.size(); ++n) {
    const Tensor& x = layer.inputs[n];
    if (!x.present) continue;
    Shape next = x.shape;
    const size_t common = std::min(out.size(), next.size());
    for (size_t i = 1; (x.bounded || bounded) && i <= common; ++i) {
      int64_t &a = out[out.size() - i], &b = next[next.size() - i];
      if (a == 1 || b == 1 || a == b) continue;
      a = b = !x.bounded ? b : !bounded ? a : std::min(a, b);
    }
    out = broadcast(out, next);
    bounded = bounded || x.bounded;
  }
  return out;
}

int64_t axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    throw Error(ErrorKind::invalid_input,
                "axis " + std::to_string(axis) + " is outside a tensor of " + std::to_string(rank) + " dimensions");
  return axis < 0 ? axis + rank : axis;
}

Cost moved(const Layer& layer) { return moved(layer, layer.inputs.size()); }

Cost moved(const Layer& layer, size_t count) {
  Cost c;
  for (size_t i = 0; i < std::min(count, layer.inputs.size()); ++i) {
    const Tensor& in = layer.inputs[i];
    if (in.constant) {
      c.weight_bytes += in.bytes();
      c.parameters += in.elements();
    } else {
      c.input_bytes += in.bytes();
      c.input_elements += in.elements();
    }
  }
  for (const Tensor& out : layer.outputs) c.output_bytes += out.bytes(), c.output_elements += out.elements();
  return c;
}

Cost part_moved(const Layer& layer, size_t count) {
  Cost c = moved(layer, count);
  double& read = layer.input(0).constant ? c.weight_bytes : c.input_bytes;
  read += c.output_bytes - layer.input(0).bytes();
  return c;
}

Cost view(const Layer& layer) {
  Cost c = moved(layer);
  c.input_bytes = c.weight_bytes = c.output_bytes = 0;
  return c;
}

void name_type(Layer& layer, std::string_view from) {
  const Attribute* a = layer.attributes.find(from);
  if (!a || !std::holds_alternative<int64_t>(*a)) return;
  const int64_t number = std::get<int64_t>(*a);
  const auto type = from_onnx_type(static_cast<int>(std::clamp<int64_t>(number, -1, 1000)));
  require(type.has_value(), layer, std::string(from) + "=" + std::to_string(number) + " is not an ONNX data type");
  layer.attributes.erase(from);
  layer.attributes.set("to", std::string(name(*type)));
}

DataType type_attribute(const Layer& layer, std::string_view name, DataType otherwise) {
  const std::string_view text = layer.attributes.text(name, "");
  return text.empty() ? otherwise : require_data_type(text);
}

void same_as_input(Layer& layer) {
  if (inputs_known(layer)) set_output(layer, 0, layer.input(0).shape, layer.input(0).dtype);
}

void require_rank(const Layer& layer, size_t input, int64_t least, int64_t most) {
  const std::string which = "input " + std::to_string(input);
  require(layer.has_input(input), layer, which + " is missing; it is required");
  const Tensor& t = layer.input(input);
  require(t.rank() >= least && t.rank() <= most, layer,
          which + " " + text(t.shape) + " has " + std::to_string(t.rank()) + " dimensions; expected " +
              (least == most ? std::to_string(least)
                             : "at " + (t.rank() < least ? "least " + std::to_string(least) : "most " + std::to_string(most))));
}

int64_t sum(int64_t a, int64_t b) {
  int64_t out = 0;
  if (__builtin_add_overflow(a, b, &out))
    throw Error(ErrorKind::invalid_input,
                std::to_string(a) + " + " + std::to_string(b) + " is beyond 64 bits; expected sane dimensions and attributes");
  return out;
}

int64_t difference(int64_t a, int64_t b) {
  int64_t out = 0;
  if (__builtin_sub_overflow(a, b, &out))
    throw Error(ErrorKind::invalid_input,
                std::to_string(a) + " - " + std::to_string(b) + " is beyond 64 bits; expected sane dimensions and attributes");
  return out;
}

int64_t product(int64_t a, int64_t b) {
  int64_t out = 0;
  if (__builtin_mul_overflow(a, b, &out))
    throw Error(ErrorKind::invalid_input,
                std::to_string(a) + " x " + std::to_string(b) + " is beyond 64 bits; expected sane dimensions and attributes");
  return out;
}

int64_t product(const Shape& dimensions, size_t first, size_t end) {
  int64_t out = 1;
  for (size_t i = first; i < std::min(end, dimensions.size()); ++i) out = product(out, dimensions[i]);
  return out;
}

double dim(const Tensor& tensor, int64_t i) {
  const int64_t at = i < 0 ? i + tensor.rank() : i;
  return at >= 0 && at < tensor.rank() ? static_cast<double>(tensor.shape[static_cast<size_t>(at)]) : 1;
}

}  // namespace wattlayer::rules
