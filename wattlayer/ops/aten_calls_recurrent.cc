#include <string_view>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/aten_calls.h"

namespace wattlayer::aten {
namespace {

[[noreturn]] void unsupported(const Layer& layer, const std::string& what) {
  throw Error(ErrorKind::unsupported, layer.op + ": " + what + " has no ATen counterpart");
}

AtenValue number(int64_t value) { return value; }

/// The weights of a recurrence in ATen's order of gates, as views of one vector: cuDNN copies them at each call otherwise.
class RecurrentWeights {
 public:
  RecurrentWeights(const Layer& layer, AtenCalls& calls) : layer_(layer), calls_(calls) {
    if (layer.op == "LSTM") order_ = {0, 2, 3, 1};  // ONNX i o f c, ATen i f c o
    if (layer.op == "GRU") order_ = {1, 0, 2};      // ONNX z r h, ATen r z h
    directions_ = layer.input(1).shape[0];
  }

  std::vector<Operand> write() {
    std::vector<Part> matrices, biases;
    for (int64_t d = 0; d < directions_; ++d) {
      for (int i : {1, 2})
        matrices.push_back({reordered(direction(i, d)),
                            {layer_.input(static_cast<size_t>(i)).shape[1], layer_.input(static_cast<size_t>(i)).shape[2]}});
      if (!layer_.has_input(3)) continue;
      const Operand halves = calls_.add_once("aten::chunk", {{"self", direction(3, d)}, {"chunks", number(2)}});
      for (int half : {0, 1}) biases.push_back({reordered(result(halves, half)), {layer_.input(3).shape[1] / 2}});
    }
    std::vector<Part> all = matrices;
    all.insert(all.end(), biases.begin(), biases.end());
    const std::vector<Operand> views = as_views(all);
    std::vector<Operand> parameters;
    for (int64_t d = 0; d < directions_; ++d) {
      const auto at = static_cast<size_t>(2 * d);
      parameters.insert(parameters.end(), {views[at], views[at + 1]});
      if (!biases.empty()) parameters.insert(parameters.end(), {views[matrices.size() + at], views[matrices.size() + at + 1]});
    }
    return parameters;
  }

 private:
  struct Part {
    Operand tensor;
    Shape shape;
  };

  Operand direction(int i, int64_t d) {
    return calls_.add_once("aten::select.int", {{"self", input(i)}, {"dim", number(0)}, {"index", number(d)}});
  }

  Operand reordered(Operand tensor) {
    const Operand gates = calls_.add_once("aten::chunk", {{"self", tensor}, {"chunks", number(std::ssize(order_))}});
    std::vector<Operand> list;
    for (int g : order_) list.push_back(result(gates, g));
    return calls_.add_once("aten::cat", {{"tensors", list}});
  }

  std::vector<Operand> as_views(const std::vector<Part>& parts) {
    std::vector<Operand> flat, views;
    for (const Part& part : parts) flat.push_back(calls_.add_once("aten::flatten.using_ints", {{"self", part.tensor}}));
    const Operand vector = calls_.add_once("aten::cat", {{"tensors", flat}});
    int64_t start = 0;
    for (const Part& part : parts) {
      int64_t length = 1;
      for (int64_t n : part.shape) length *= n;
      const Operand piece =
          calls_.add_once("aten::slice.Tensor",
                          {{"self", vector}, {"dim", number(0)}, {"start", number(start)}, {"end", number(start + length)}});
      views.push_back(calls_.add_once("aten::view", {{"self", piece}, {"size", AtenValue(part.shape)}}));
      start += length;
    }
    return views;
  }

  const Layer& layer_;
  AtenCalls& calls_;
  std::vector<int> order_ = {0};
  int64_t directions_ = 1;
};

/// The first state: input i, or zeros.
Operand state(AtenCalls& calls, const Layer& layer, size_t i, bool batch_first) {
  const Shape &x = layer.input(0).shape, &r = layer.input(2).shape;
  if (!layer.has_input(i))
    return calls.add_once("aten::zeros", {{"size", AtenValue(Shape{r[0], x[batch_first ? 0 : 1], r[2]})},
                                          {"dtype", AtenValue(layer.input(0).dtype)}});
  if (!batch_first) return input(static_cast<int>(i));
  return calls.add("aten::transpose.int", {{"self", input(static_cast<int>(i))}, {"dim0", number(0)}, {"dim1", number(1)}});
}

std::string aten_name(const Layer& layer) {
  std::string first;
  if (const Attribute* found = layer.attributes.find("activations"))
    if (const auto* list = std::get_if<std::vector<std::string>>(found); list && !list->empty()) first = list->front();
  if (layer.op == "LSTM" || layer.op == "GRU") {
    if (!first.empty() && first != "Sigmoid" && first != "sigmoid") unsupported(layer, "activation " + first);
    return layer.op == "LSTM" ? "aten::lstm.input" : "aten::gru.input";
  }
  return first == "Relu" || first == "relu" ? "aten::rnn_relu.input" : "aten::rnn_tanh.input";
}

/// [batch, length, heads x size] as [batch, heads, length, size].
Operand with_heads(AtenCalls& calls, const Layer& layer, int i, std::string_view attribute) {
  const Shape& x = layer.input(static_cast<size_t>(i)).shape;
  if (x.size() == 4) return input(i);
  const int64_t heads = layer.attributes.integer(attribute, 0);
  if (x.size() != 3 || heads < 1) unsupported(layer, "an input of " + std::to_string(x.size()) + " dimensions without heads");
  const Operand split =
      calls.add("aten::reshape", {{"self", input(i)}, {"shape", AtenValue(Shape{x[0], x[1], heads, x[2] / heads})}});
  return calls.add("aten::transpose.int", {{"self", split}, {"dim0", number(1)}, {"dim1", number(2)}});
}

Operand behind_cache(AtenCalls& calls, const Layer& layer, size_t cache, Operand fresh) {
  if (!layer.has_input(cache)) return fresh;
  return calls.add("aten::cat", {{"tensors", std::vector<Operand>{input(static_cast<int>(cache)), fresh}}, {"dim", number(2)}});
}

}  // namespace

AtenCalls recurrence(const Layer& layer) {
  const std::string_view direction = layer.attributes.text("direction", "forward");
  if (direction == "reverse") unsupported(layer, "direction reverse");
  if (layer.has_input(7)) unsupported(layer, "a peephole");
  const bool batch_first = layer.attributes.integer("layout", 0) != 0, cell = layer.op == "LSTM";
  AtenCalls calls;
  const std::vector<Operand> weights = RecurrentWeights(layer, calls).write();
  const Operand h = state(calls, layer, 5, batch_first);
  AtenArgument states{"hx", h};
  if (cell) states.value = std::vector<Operand>{h, state(calls, layer, 6, batch_first)};
  const Operand all = calls.add(aten_name(layer), {{"input", input(0)},
                                                   states,
                                                   {"params", weights},
                                                   {"has_biases", AtenValue(layer.has_input(3))},
                                                   {"num_layers", number(1)},
                                                   {"dropout", AtenValue(0.0)},
                                                   {"train", AtenValue(false)},
                                                   {"bidirectional", AtenValue(direction == "bidirectional")},
                                                   {"batch_first", AtenValue(batch_first)}});
  // ATen joins the directions in the last dimension.
  const Shape &x = layer.input(0).shape, &r = layer.input(2).shape;
  Operand y = calls.add("aten::reshape", {{"self", all}, {"shape", AtenValue(Shape{x[0], x[1], r[0], r[2]})}});
  if (!batch_first) y = calls.add("aten::transpose.int", {{"self", y}, {"dim0", number(1)}, {"dim1", number(2)}});
  calls.outputs = {y};
  for (size_t i = 1; i < layer.outputs.size(); ++i) {
    Operand last = result(all, static_cast<int>(i));
    if (batch_first) last = calls.add("aten::transpose.int", {{"self", last}, {"dim0", number(0)}, {"dim1", number(1)}});
    calls.outputs.push_back(last);
  }
  return calls;
}

AtenCalls attention(const Layer& layer) {
  if (layer.attributes.real("softcap", 0) != 0) unsupported(layer, "a soft cap");
  AtenCalls calls;
  const Operand q = with_heads(calls, layer, 0, "q_num_heads");
  const Operand k = behind_cache(calls, layer, 4, with_heads(calls, layer, 1, "kv_num_heads"));
  const Operand v = behind_cache(calls, layer, 5, with_heads(calls, layer, 2, "kv_num_heads"));
  const Shape &query = layer.input(0).shape, &key = layer.input(1).shape;
  const bool grouped = query.size() == 4
                           ? query[1] != key[1]
                           : layer.attributes.integer("q_num_heads", 0) != layer.attributes.integer("kv_num_heads", 0);
  std::vector<AtenArgument> arguments = {{"query", q},
                                         {"key", k},
                                         {"value", v},
                                         {"attn_mask", optional_input(layer, 3)},
                                         {"is_causal", AtenValue(layer.attributes.integer("is_causal", 0) != 0)}};
  if (layer.attributes.has("scale")) arguments.push_back({"scale", AtenValue(layer.attributes.real("scale", 1))});
  if (grouped) arguments.push_back({"enable_gqa", AtenValue(true)});
  Operand y = calls.add("aten::scaled_dot_product_attention", std::move(arguments));
  if (query.size() == 3) {
    y = calls.add("aten::transpose.int", {{"self", y}, {"dim0", number(1)}, {"dim1", number(2)}});
    y = calls.add("aten::reshape", {{"self", y}, {"shape", AtenValue(layer.output(0).shape)}});
  }
  calls.outputs = {y};
  const Operand further[] = {k, v, absent()};
  for (size_t i = 1; i < layer.outputs.size() && i < 4; ++i) calls.outputs.push_back(further[i - 1]);
  return calls;
}

}  // namespace wattlayer::aten
