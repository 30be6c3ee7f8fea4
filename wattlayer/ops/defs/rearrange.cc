#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Elements in another order or masked, all of them read and written.
namespace wattlayer {
namespace {

using rules::require;

Cost copy_cost(const Layer& layer) { return rules::moved(layer, 1); }

void depth_to_space_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  rules::require_rank(layer, 0, 4, 4);
  const Shape& x = layer.input(0).shape;
  const int64_t block = layer.attributes.integer("blocksize", 0);
  require(block > 0, layer, "expected a blocksize above 0, found " + std::to_string(block));
  const int64_t area = rules::product(block, block);
  require(x[1] % area == 0, layer, std::to_string(x[1]) + " channels are no multiple of blocks of " + std::to_string(area));
  rules::set_output(layer, 0, {x[0], x[1] / area, rules::product(x[2], block), rules::product(x[3], block)},
                    layer.input(0).dtype);
}

void space_to_depth_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  rules::require_rank(layer, 0, 4, 4);
  const Shape& x = layer.input(0).shape;
  const int64_t block = layer.attributes.integer("blocksize", 0);
  require(block > 0, layer, "expected a blocksize above 0, found " + std::to_string(block));
  require(x[2] % block == 0 && x[3] % block == 0, layer,
          rules::text(x) + " is no multiple of blocks of " + std::to_string(block));
  rules::set_output(layer, 0, {x[0], rules::product(x[1], rules::product(block, block)), x[2] / block, x[3] / block},
                    layer.input(0).dtype);
}

void col2im_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 3)) return;
  rules::require_rank(layer, 0, 3, 3);
  const auto image = fold::integers(layer, 1), block = fold::integers(layer, 2);
  if (!image || !block) return rules::unknown(layer);
  const Shape& x = layer.input(0).shape;
  int64_t area = 1;
  for (int64_t b : *block) area = rules::product(area, std::max<int64_t>(b, 0));
  require(area > 0 && x[1] % area == 0, layer,
          std::to_string(x[1]) + " rows are no multiple of blocks of " + rules::text(*block));
  Shape out = {x[0], x[1] / area};
  for (int64_t d : *image) {
    require(d >= 0, layer, "expected dimensions of 0 or more, found " + rules::text(*image));
    out.push_back(d);
  }
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

Cost col2im_cost(const Layer& layer) {
  Cost c = copy_cost(layer);
  c.flops = layer.input(0).elements();
  return c;
}

void trilu_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  rules::require_rank(layer, 0, 2);
  rules::set_output(layer, 0, layer.input(0).shape, layer.input(0).dtype);
}

void fold_trilu(Layer& layer) {
  if (!fold::ready(layer)) return;
  const auto diagonal = fold::integers(layer, 1);
  if (layer.has_input(1) && (!diagonal || diagonal->size() != 1)) return;
  const int64_t k = diagonal ? diagonal->front() : 0;
  const bool upper = layer.attributes.integer("upper", 1) != 0;
  std::vector<int64_t> index;
  fold::each_position(layer.input(0).shape, [&](const Shape& p) {
    const int64_t distance = p[p.size() - 1] - p[p.size() - 2];
    const bool kept = upper ? distance >= k : distance <= k;
    index.push_back(kept ? static_cast<int64_t>(index.size()) : -1);
  });
  fold::set(layer, 0, fold::pick(*fold::input(layer, 0), index));
}

void reverse_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::require_rank(layer, 0, 2);
  rules::set_output(layer, 0, layer.input(0).shape, layer.input(0).dtype);
}

}  // namespace

const std::vector<Operator>& rearrange_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "DepthToSpace",
          .family = Family::copy,
          .summary = "blocks of channels become blocks of pixels; every element is read and written",
          .shapes = depth_to_space_shapes,
          .cost = copy_cost,
          .attributes = {{"blocksize"}, {"mode", "DCR"}},
          .run = {"aten::pixel_shuffle"},
          .calls = aten::depth_to_space,
          .examples = {"DepthToSpace 1x256x28x28 blocksize=2"},
          .backward = backward_rules::rearrange,
      },
      {
          .name = "SpaceToDepth",
          .family = Family::copy,
          .summary = "blocks of pixels become channels; every element is read and written",
          .shapes = space_to_depth_shapes,
          .cost = copy_cost,
          .attributes = {{"blocksize"}},
          .run = {"aten::pixel_unshuffle"},
          .calls = aten::space_to_depth,
          .examples = {"SpaceToDepth 1x3x224x224 blocksize=2"},
          .backward = backward_rules::rearrange,
      },
      {
          .name = "Col2Im",
          .family = Family::copy,
          .summary = "adds overlapping blocks up to an image; one FLOP an input element",
          .shapes = col2im_shapes,
          .cost = col2im_cost,
          .attributes = {{"dilations", "1"}, {"pads", "0"}, {"strides", "1"}},
          .examples = {"Col2Im 1x45x9 [5,5] [3,3]"},
      },
      {
          .name = "Trilu",
          .family = Family::copy,
          .summary = "upper or lower triangle, zeros elsewhere; every element is read and written",
          .shapes = trilu_shapes,
          .cost = copy_cost,
          .fold = fold_trilu,
          .attributes = {{"upper", "1"}},
          .run = {"aten::triu"},
          .calls = aten::trilu,
          .examples = {"Trilu 128x128 [1]@scalar", "Trilu 128x128 upper=0"},
          .backward = backward_rules::trilu,
      },
      {
          .name = "com.microsoft.Trilu",
          .family = Family::copy,
          .summary = "as Trilu",
          .shapes = trilu_shapes,
          .cost = copy_cost,
          .fold = fold_trilu,
          .attributes = {{"upper", "1"}},
          .examples = {"com.microsoft.Trilu 128x128"},
      },
      {
          .name = "ReverseSequence",
          .family = Family::copy,
          .summary = "the first elements of each sequence in reverse; every element is read and written",
          .shapes = reverse_shapes,
          .cost = copy_cost,
          .attributes = {{"batch_axis", "1"}, {"time_axis", "0"}},
          .examples = {"ReverseSequence 128x4x64 i64:4"},
      },
  };
  return operators;
}

}  // namespace wattlayer
