#include <algorithm>
#include <cmath>

#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Boxes and regions of detection networks.
namespace wattlayer {
namespace {

using rules::require;

/// Boxes kept of one class and batch: at most max_output_boxes_per_class and at most all. Without that input: none.
int64_t most_boxes(const Layer& layer) {
  if (!layer.has_input(2) || layer.input(0).rank() < 2) return 0;
  const int64_t boxes = layer.input(0).shape[1];
  const auto most = fold::integers(layer, 2);
  return most && most->size() == 1 ? std::clamp<int64_t>(most->front(), 0, boxes) : boxes;
}

void non_max_suppression_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::require_rank(layer, 0, 3, 3);
  rules::require_rank(layer, 1, 3, 3);
  const Shape& boxes = layer.input(0).shape;
  const Shape& scores = layer.input(1).shape;
  require(boxes[2] == 4 && (boxes[1] == scores[2] || layer.input(0).bounded || layer.input(1).bounded), layer,
          "boxes " + rules::text(boxes) + " and scores " + rules::text(scores) +
              " do not belong together; expected N x B x 4 and N x C x B");
  rules::set_output(layer, 0, {rules::product(rules::product(scores[0], scores[1]), most_boxes(layer)), 3}, DataType::i64);
  layer.outputs[0].bounded = true;
}

/// Every box is sorted once (log2 n) and compared with every kept one: 16 FLOPs and a division an overlap.
Cost non_max_suppression_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 2);
  const double scores = layer.input(1).elements(), pairs = scores * static_cast<double>(most_boxes(layer));
  c.flops = 16 * pairs + scores * std::log2(std::max(2.0, rules::dim(layer.input(0), 1)));
  c.special = pairs;
  return c;
}

void roi_align_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 3)) return;
  rules::require_rank(layer, 0, 4, 4);
  rules::require_rank(layer, 1, 2, 2);
  const int64_t height = layer.attributes.integer("output_height", 1), width = layer.attributes.integer("output_width", 1);
  require(height > 0 && width > 0, layer,
          "expected an output size above 0, found " + std::to_string(height) + " x " + std::to_string(width));
  rules::set_output(layer, 0, {layer.input(1).shape[0], layer.input(0).shape[1], height, width}, layer.input(0).dtype);
}

/// Samples of a bin: sampling_ratio each way; 0 means adaptive, counted as torchvision's usual 2.
Cost roi_align_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 3);
  double ratio = static_cast<double>(layer.attributes.integer("sampling_ratio", 0));
  if (ratio <= 0) ratio = 2;
  c.flops = c.output_elements * ratio * ratio * 8;
  return c;
}

void max_roi_pool_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::require_rank(layer, 0, 4, 4);
  rules::require_rank(layer, 1, 2, 2);
  const auto size = layer.attributes.integers("pooled_shape");
  require(size.size() == 2 && size[0] > 0 && size[1] > 0, layer,
          "expected a pooled_shape of height and width, found " + rules::text(size));
  rules::set_output(layer, 0, {layer.input(1).shape[0], layer.input(0).shape[1], size[0], size[1]}, layer.input(0).dtype);
}

/// The regions are not known; each is counted as the whole image, which bounds it.
Cost max_roi_pool_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 2);
  c.flops = rules::dim(layer.input(1), 0) * rules::dim(layer.input(0), 1) * rules::dim(layer.input(0), 2) *
            rules::dim(layer.input(0), 3);
  return c;
}

}  // namespace

const std::vector<Operator>& detection_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "NonMaxSuppression",
          .family = Family::detection,
          .summary = "boxes that overlap no better one, at most max_output_boxes_per_class a class; FLOPs = boxes x kept x 16 a "
                     "class, and a sort",
          .shapes = non_max_suppression_shapes,
          .cost = non_max_suppression_cost,
          .attributes = {{"center_point_box", "0"}},
          .examples = {"NonMaxSuppression 1x1000x4 1x80x1000 [100]", "NonMaxSuppression 1x1000x4 1x80x1000 [100] [0.5] [0.05]"},
      },
      {
          .name = "RoiAlign",
          .family = Family::detection,
          .summary = "regions resampled to one size; FLOPs = outputs x sampling_ratio^2 x 8 (ratio 0: counted as 2)",
          .shapes = roi_align_shapes,
          .cost = roi_align_cost,
          .attributes = {{"mode", "avg"}, {"output_height", "1"}, {"output_width", "1"}, {"sampling_ratio", "0"}},
          .examples = {"RoiAlign 1x256x50x50 100x4 i64:100 output_height=7 output_width=7 sampling_ratio=2"},
      },
      {
          .name = "MaxRoiPool",
          .family = Family::detection,
          .summary = "largest element of each bin of a region; FLOPs at most regions x image",
          .shapes = max_roi_pool_shapes,
          .cost = max_roi_pool_cost,
          .attributes = {{"pooled_shape"}},
          .examples = {"MaxRoiPool 1x256x50x50 100x5 pooled_shape=7,7"},
      },
  };
  return operators;
}

}  // namespace wattlayer
