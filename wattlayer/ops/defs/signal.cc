#include <algorithm>
#include <cmath>

#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Fourier transforms and their windows.
namespace wattlayer {
namespace {

using rules::require;

/// The one element of input i; `otherwise` when the input is absent, nothing when it is not known.
std::optional<int64_t> number(const Layer& layer, size_t i, int64_t otherwise) {
  if (!layer.has_input(i)) return otherwise;
  const auto value = fold::integers(layer, i);
  return value && value->size() == 1 ? std::optional(value->front()) : std::nullopt;
}

/// Opset 17 had the axis as an attribute, 1 when absent; later it is an input, -2 when absent.
void normalize_dft(Layer& layer, int opset) {
  if (opset < 20 && !layer.attributes.has("axis") && !layer.has_input(2)) layer.attributes.set("axis", int64_t{1});
  if (!layer.attributes.has("axis")) return;
  const int64_t axis = layer.attributes.integer("axis", 1);
  fold::attribute_to_input(layer, "axis", 2);
  layer.inputs[2] = fold::constant({axis});
  layer.inputs[2].shape = {};
}

/// The last dimension is 1 for real and 2 for complex numbers; a real signal has n / 2 + 1 different bins.
void dft_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  rules::require_rank(layer, 0, 2);
  const Tensor& x = layer.input(0);
  const auto axis = number(layer, 2, -2);
  if (!axis) return rules::unknown(layer);
  const auto at = static_cast<size_t>(rules::axis(*axis, x.rank()));
  require(at + 1 < x.shape.size(), layer, "axis " + std::to_string(*axis) + " is that of the real and imaginary parts");
  const auto length = number(layer, 1, x.shape[at]);
  if (!length) return rules::unknown(layer);
  require(*length >= 0, layer, "expected a dft_length of 0 or more, found " + std::to_string(*length));
  Shape out = x.shape;
  const bool onesided = layer.attributes.integer("onesided", 0) != 0, inverse = layer.attributes.integer("inverse", 0) != 0;
  out[at] = onesided && !inverse ? *length / 2 + 1 : *length;
  out.back() = onesided && inverse ? 1 : 2;
  rules::set_output(layer, 0, std::move(out), x.dtype);
}

/// 5 n log2 n, the usual count of a fast transform (Cooley and Tukey; as FFTW states its speed).
double transform_flops(double n) { return n > 1 ? 5 * n * std::log2(n) : 0; }

Cost dft_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  const auto axis = number(layer, 2, -2).value_or(-2);
  const double length = std::max(rules::dim(layer.input(0), axis), rules::dim(layer.output(0), axis));
  const double lines = rules::ratio(layer.input(0).elements(), rules::dim(layer.input(0), axis) * rules::dim(layer.input(0), -1));
  c.flops = lines * transform_flops(length);
  return c;
}

std::optional<int64_t> frame_length(const Layer& layer) {
  if (layer.has_input(3)) return number(layer, 3, 0);
  if (layer.has_input(2) && layer.input(2).rank() == 1) return layer.input(2).shape[0];
  return std::nullopt;
}

void stft_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::require_rank(layer, 0, 2, 3);
  require(layer.has_input(2) || layer.has_input(3), layer, "expected a window or a frame_length");
  const Shape& x = layer.input(0).shape;
  const auto step = number(layer, 1, 0), length = frame_length(layer);
  if (!step || !length) return rules::unknown(layer);
  require(*step > 0 && *length > 0 && *length <= x[1], layer,
          "expected a step above 0 and a frame within the signal of " + std::to_string(x[1]) + ", found step " +
              std::to_string(*step) + " and frame " + std::to_string(*length));
  const bool onesided = layer.attributes.integer("onesided", 1) != 0;
  rules::set_output(layer, 0, {x[0], (x[1] - *length) / *step + 1, onesided ? *length / 2 + 1 : *length, 2},
                    layer.input(0).dtype);
}

/// Every frame is weighed by the window and transformed.
Cost stft_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  const double frames = rules::dim(layer.output(0), 0) * rules::dim(layer.output(0), 1);
  const auto length = static_cast<double>(frame_length(layer).value_or(0));
  c.flops = frames * (transform_flops(length) + (layer.has_input(2) ? length : 0));
  return c;
}

void normalize_type(Layer& layer, int) { rules::name_type(layer, "output_datatype"); }

void window_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const auto size = number(layer, 0, 0);
  if (!size) return rules::unknown(layer);
  require(*size >= 0, layer, "expected a size of 0 or more, found " + std::to_string(*size));
  rules::set_output(layer, 0, {*size}, rules::type_attribute(layer, "to", DataType::f32));
}

Cost window_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 0);
  c.flops = 3 * c.output_elements;
  c.special = c.output_elements;
  return c;
}

void mel_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const auto bins = number(layer, 0, 0), length = number(layer, 1, 0);
  if (!bins || !length) return rules::unknown(layer);
  require(
      *bins >= 0 && *length >= 0, layer,
      "expected num_mel_bins and dft_length of 0 or more, found " + std::to_string(*bins) + " and " + std::to_string(*length));
  rules::set_output(layer, 0, {*length / 2 + 1, *bins}, rules::type_attribute(layer, "to", DataType::f32));
}

Operator window(std::string_view name, std::string_view summary, std::string_view aten, std::string_view example) {
  return {.name = name,
          .family = Family::copy,
          .summary = summary,
          .shapes = window_shapes,
          .cost = window_cost,
          .normalize = normalize_type,
          .attributes = {{"periodic", "1"}, {"to", "f32"}},
          .run = {aten, {{.parameter = "window_length", .source = RunArgument::Source::input_value}}},
          .examples = {example}};
}

}  // namespace

const std::vector<Operator>& signal_operators() {
  static const std::vector<Operator> operators = {
      window("HannWindow", "a Hann window; three FLOPs and a cosine an element", "aten::hann_window", "HannWindow [400]@scalar"),
      window("HammingWindow", "a Hamming window; three FLOPs and a cosine an element", "aten::hamming_window",
             "HammingWindow [400]@scalar"),
      window("BlackmanWindow", "a Blackman window; three FLOPs and a cosine an element", "aten::blackman_window",
             "BlackmanWindow [400]@scalar"),
      {
          .name = "DFT",
          .family = Family::reduction,
          .summary = "discrete Fourier transform along an axis; FLOPs = 5 n log2(n) a line",
          .shapes = dft_shapes,
          .cost = dft_cost,
          .normalize = normalize_dft,
          .attributes = {{"inverse", "0"}, {"onesided", "0"}},
          .examples = {"DFT 1x400x1", "DFT 1x400x1 [512]@scalar [1]@scalar onesided=1"},
      },
      {
          .name = "STFT",
          .family = Family::reduction,
          .summary = "short-time Fourier transform; FLOPs = 5 n log2(n) and n for the window a frame of n",
          .shapes = stft_shapes,
          .cost = stft_cost,
          .attributes = {{"onesided", "1"}},
          .examples = {"STFT 1x16000x1 [160]@scalar 400", "STFT 1x16000 [160]@scalar - [400]@scalar onesided=0"},
      },
      {
          .name = "MelWeightMatrix",
          .family = Family::copy,
          .summary = "weights from frequency to mel bins; three FLOPs and a logarithm an element",
          .shapes = mel_shapes,
          .cost = window_cost,
          .normalize = normalize_type,
          .attributes = {{"to", "f32"}},
          .examples = {"MelWeightMatrix [80]@scalar [400]@scalar [16000]@scalar [0.0]@scalar [8000.0]@scalar"},
      },
  };
  return operators;
}

}  // namespace wattlayer
