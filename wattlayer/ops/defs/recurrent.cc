#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/products.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"

namespace wattlayer {
namespace {

using rules::dim;
using rules::require;

/// Sizes of a recurrence. X is [steps, batch, in], or [batch, steps, in] with layout=1; R is [directions, gates x hidden,
/// hidden].
struct Sizes {
  int64_t steps, batch, in, directions, hidden;
  bool batch_first;
};

/// `packed`: com.microsoft.DynamicQuantizeLSTM keeps its weights transposed, [directions, in, gates x hidden].
Sizes sizes_of(const Layer& layer, int64_t gates, bool packed = false) {
  rules::require_rank(layer, 0, 3, 3);
  rules::require_rank(layer, 1, 3, 3);
  rules::require_rank(layer, 2, 3, 3);
  const Shape& x = layer.input(0).shape;
  const Shape w = packed ? rules::swapped(layer.input(1).shape) : layer.input(1).shape;
  const Shape r = packed ? rules::swapped(layer.input(2).shape) : layer.input(2).shape;
  const bool batch_first = layer.attributes.integer("layout", 0) != 0;
  const Sizes s = {x[batch_first ? 1 : 0], x[batch_first ? 0 : 1], x[2], r[0], r[2], batch_first};
  const bool both = layer.attributes.text("direction", "forward") == "bidirectional";
  require(s.directions == (both ? 2 : 1), layer,
          "weights have " + std::to_string(s.directions) + " directions; expected " + (both ? "2" : "1"));
  require(w[0] == s.directions && w[1] == rules::product(gates, s.hidden) && r[1] == w[1] && w[2] == s.in, layer,
          "weights " + rules::text(w) + " and " + rules::text(r) + " do not fit " + std::to_string(gates) + " gates of " +
              std::to_string(s.hidden) + " units and inputs of " + std::to_string(s.in));
  return s;
}

template <int gates, bool packed = false>
void recurrent_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const Sizes s = sizes_of(layer, gates, packed);
  const DataType type = layer.input(0).dtype;
  rules::set_output(
      layer, 0, s.batch_first ? Shape{s.batch, s.steps, s.directions, s.hidden} : Shape{s.steps, s.directions, s.batch, s.hidden},
      type);
  for (size_t i = 1; i < layer.outputs.size(); ++i)
    rules::set_output(layer, i, s.batch_first ? Shape{s.batch, s.directions, s.hidden} : Shape{s.directions, s.batch, s.hidden},
                      type);
}

/// Every step multiplies input and state by their weights. ptflops counts the same products; `flops` and `special` are those of
/// one unit and step: sums, biases, gates (sigmoid: 2 FLOPs, exp, reciprocal) and tanh.
template <int gates, int flops, int special, bool packed = false>
Cost recurrent_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const Sizes s = sizes_of(layer, gates, packed);
  c.steps = static_cast<double>(s.steps);
  rules::count_product(c, static_cast<double>(s.directions), static_cast<double>(s.batch), gates * static_cast<double>(s.hidden),
                       static_cast<double>(s.in) + static_cast<double>(s.hidden));
  c.macs *= c.steps;
  const double units = c.steps * c.groups * c.m * static_cast<double>(s.hidden);
  c.flops = (flops + (layer.has_input(3) ? gates : 0)) * units;
  c.special = special * units;
  return c;
}

/// The gates of DynamicQuantizeLSTM are products of integers; every step quantizes input and state.
Cost quantized_lstm_cost(const Layer& layer) {
  Cost c = recurrent_cost<4, 14, 8, true>(layer);
  c.flops += c.steps * c.groups * c.m * (6 * c.k + 3 * c.n);
  return c;
}

std::vector<AttributeInfo> attributes(std::vector<AttributeInfo> more) {
  std::vector<AttributeInfo> all = {{"activations"}, {"direction", "forward"}, {"hidden_size"}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// hidden_size follows from the weights.
void normalize_recurrent(Layer& layer, int) {
  if (layer.input(2).known && layer.input(2).rank() == 3) layer.attributes.erase("hidden_size");
}

}  // namespace

const std::vector<Operator>& recurrent_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "GRU",
          .family = Family::recurrent,
          .summary = "gated recurrent unit; MACs = steps x batch x directions x 3 hidden x (input + hidden), 12 FLOPs and 5 "
                     "special functions a unit and "
                     "step, 3 FLOPs for biases",
          .shapes = recurrent_shapes<3>,
          .cost = recurrent_cost<3, 12, 5>,
          .normalize = normalize_recurrent,
          .attributes = attributes({{"layout", "0"}, {"linear_before_reset", "0"}}),
          .weight_inputs = 0b1110,
          .run = {"aten::gru.input"},
          .calls = aten::recurrence,
          .examples = {"GRU 32x4x64 1x384x64 1x384x128 1x768",
                       "GRU 16x1x80 2x96x80 2x96x32 2x192 direction=bidirectional outputs=1,1"},
          .backward = backward_rules::recurrence,
      },
      {
          .name = "LSTM",
          .family = Family::recurrent,
          .summary = "long short-term memory; MACs = steps x batch x directions x 4 hidden x (input + hidden), 14 FLOPs and 8 "
                     "special functions a unit "
                     "and step, 4 FLOPs for biases",
          .shapes = recurrent_shapes<4>,
          .cost = recurrent_cost<4, 14, 8>,
          .normalize = normalize_recurrent,
          .attributes = attributes({{"input_forget", "0"}, {"layout", "0"}}),
          .weight_inputs = 0b10001110,
          .run = {"aten::lstm.input"},
          .calls = aten::recurrence,
          .examples = {"LSTM 32x4x64 1x512x64 1x512x128 1x1024 outputs=1,1,1",
                       "LSTM 10x1x8 2x16x8 2x16x4 2x32 direction=bidirectional",
                       "LSTM 4x10x8 1x16x8 1x16x4 layout=1 outputs=1,0,1"},
          .backward = backward_rules::recurrence,
      },
      {
          .name = "RNN",
          .family = Family::recurrent,
          .summary = "recurrent layer with one tanh; MACs = steps x batch x directions x hidden x (input + hidden), one FLOP and "
                     "one tanh a unit and step, "
                     "one FLOP for biases",
          .shapes = recurrent_shapes<1>,
          .cost = recurrent_cost<1, 1, 1>,
          .normalize = normalize_recurrent,
          .attributes = attributes({{"layout", "0"}}),
          .weight_inputs = 0b1110,
          .run = {"aten::rnn_tanh.input"},
          .calls = aten::recurrence,
          .examples = {"RNN 32x4x64 1x128x64 1x128x128 1x256"},
          .backward = backward_rules::recurrence,
      },
      {
          .name = "com.microsoft.DynamicQuantizeLSTM",
          .family = Family::recurrent,
          .summary = "LSTM whose products are of 8-bit integers; MACs as LSTM, 6 FLOPs to quantize each operand element, 3 for "
                     "each product",
          .shapes = recurrent_shapes<4, true>,
          .cost = quantized_lstm_cost,
          .normalize = normalize_recurrent,
          .attributes = attributes({{"input_forget", "0"}}),
          .weight_inputs = 0b111110001110,
          .examples = {"com.microsoft.DynamicQuantizeLSTM 32x4x64 int8:1x64x512 int8:1x128x512 1x1024 - - - - 1 int8:1 1 int8:1"},
      },
  };
  return operators;
}

}  // namespace wattlayer
