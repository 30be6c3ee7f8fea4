#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Borders added or cut off.
namespace wattlayer {
namespace {

using rules::require;

/// Opset 10 had pads and value as attributes; before that pads was called paddings.
void normalize_pad(Layer& layer, int) {
  fold::attribute_to_input(layer, "paddings", 1);
  fold::attribute_to_input(layer, "pads", 1);
  if (!layer.attributes.has("value")) return;
  const double value = layer.attributes.real("value", 0);
  layer.attributes.erase("value");
  if (layer.has_input(2) || value == 0) return;
  while (layer.inputs.size() <= 2) layer.inputs.push_back(Tensor::absent());
  layer.inputs[2] = {.dtype = layer.input(0).dtype,
                     .constant = true,
                     .value = std::make_shared<const Value>(Value::of(std::vector<double>{value}))};
}

struct Border {
  int64_t before = 0, after = 0;
};

/// What is added to each dimension; nothing when pads or axes are not known. com.microsoft.Pad has pads of 1 x 2n.
std::optional<std::vector<Border>> borders(const Layer& layer) {
  const int64_t rank = layer.input(0).rank();
  const auto pads = fold::integers(layer, 1), axes = fold::integers(layer, 3);
  if (!pads || (layer.has_input(3) && !axes)) return std::nullopt;
  const size_t padded = axes ? axes->size() : static_cast<size_t>(rank);
  require(pads->size() == 2 * padded, layer,
          "expected " + std::to_string(2 * padded) + " pads, found " + std::to_string(pads->size()));
  std::vector<Border> out(static_cast<size_t>(rank));
  for (size_t i = 0; i < padded; ++i)
    out[static_cast<size_t>(rules::axis(axes ? (*axes)[i] : static_cast<int64_t>(i), rank))] = {(*pads)[i], (*pads)[i + padded]};
  return out;
}

void pad_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const auto added = borders(layer);
  if (!added) return rules::unknown(layer);
  Shape out = layer.input(0).shape;
  for (size_t i = 0; i < out.size(); ++i) {
    const Border border = (*added)[i];
    const bool cuts_too_much = border.before < -out[i] || border.after < -out[i];
    out[i] = cuts_too_much ? -1 : rules::sum(rules::sum(out[i], border.before), border.after);
    require(out[i] >= 0, layer,
            "negative pads cut more than dimension " + std::to_string(i) + " of " + rules::text(layer.input(0).shape) + " has");
  }
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

/// Where element i of a padded dimension comes from; -1 is the constant.
int64_t origin(int64_t i, int64_t size, std::string_view mode) {
  if (i >= 0 && i < size) return i;
  if (mode == "edge") return std::clamp<int64_t>(i, 0, size - 1);
  if (mode == "wrap") return ((i % size) + size) % size;
  if (mode == "reflect") {
    const int64_t period = std::max<int64_t>(1, 2 * (size - 1));
    const int64_t at = ((i % period) + period) % period;
    return at < size ? at : period - at;
  }
  return -1;
}

void fold_pad(Layer& layer) {
  if (!fold::ready(layer, 2)) return;
  const auto added = borders(layer);
  const Value& x = *fold::input(layer, 0);
  if (!added || x.size() == 0) return;
  const std::string_view mode = layer.attributes.text("mode", "constant");
  const auto step = fold::strides(layer.input(0).shape);
  std::vector<int64_t> index;
  fold::each_position(layer.output(0).shape, [&](const Shape& position) {
    int64_t at = 0;
    for (size_t d = 0; d < position.size() && at >= 0; ++d) {
      const int64_t i = origin(position[d] - (*added)[d].before, layer.input(0).shape[d], mode);
      at = i < 0 ? -1 : at + i * step[d];
    }
    index.push_back(at);
  });
  Value out = fold::pick(x, index);
  if (const Value* fill = fold::input(layer, 2); fill && fill->size() == 1)
    for (size_t i = 0; i < index.size(); ++i) {
      if (index[i] >= 0) continue;
      if (out.is_real) out.reals[i] = fill->real(0);
      else out.integers[i] = fill->integer(0);
    }
  fold::set(layer, 0, std::move(out));
}

void center_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const auto target = fold::integers(layer, 1);
  if (!target) return rules::unknown(layer);
  Shape out = layer.input(0).shape;
  auto axes = layer.attributes.integers("axes");
  const bool all = !layer.attributes.has("axes");
  const size_t count = all ? out.size() : axes.size();
  require(target->size() == count, layer,
          "expected " + std::to_string(count) + " dimensions, found " + std::to_string(target->size()));
  for (size_t i = 0; i < count; ++i) {
    require((*target)[i] >= 0, layer, "expected dimensions of 0 or more, found " + rules::text(*target));
    out[static_cast<size_t>(rules::axis(all ? static_cast<int64_t>(i) : axes[i], layer.input(0).rank()))] = (*target)[i];
  }
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

Cost copy_cost(const Layer& layer) { return rules::moved(layer, 1); }

/// Cropped elements are not read.
Cost center_cost(const Layer& layer) {
  Cost c = copy_cost(layer);
  if (layer.output(0).bytes() < layer.input(0).bytes()) c = rules::part_moved(layer);
  return c;
}

}  // namespace

const std::vector<Operator>& pad_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "Pad",
          .family = Family::copy,
          .summary = "borders of a constant, of the edge, mirrored or wrapped; reads the input, writes the output",
          .shapes = pad_shapes,
          .cost = copy_cost,
          .fold = fold_pad,
          .normalize = normalize_pad,
          .attributes = {{"mode", "constant"}},
          .run = {"aten::constant_pad_nd"},
          .calls = aten::pad,
          .examples = {"Pad 1x64x56x56 [0,0,1,1,0,0,1,1]", "Pad 1x64x56x56 [1,1,1,1] - [2,3] mode=reflect"},
          .backward = backward_rules::pad,
      },
      {
          .name = "com.microsoft.Pad",
          .family = Family::copy,
          .summary = "as Pad",
          .shapes = pad_shapes,
          .cost = copy_cost,
          .fold = fold_pad,
          .attributes = {{"mode", "constant"}},
          .run = {"aten::constant_pad_nd"},
          .calls = aten::pad,
          .examples = {"com.microsoft.Pad 1x8 [0,1,0,1]"},
      },
      {
          .name = "CenterCropPad",
          .family = Family::copy,
          .summary = "crops or pads around the centre to a given size; reads what is kept, writes the output",
          .shapes = center_shapes,
          .cost = center_cost,
          .attributes = {{"axes"}},
          .examples = {"CenterCropPad 3x256x256 [224,224] axes=1,2"},
      },
  };
  return operators;
}

}  // namespace wattlayer
