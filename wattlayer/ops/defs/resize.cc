#include <algorithm>
#include <cmath>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Images at another resolution: sampled between their elements.
namespace wattlayer {
namespace {

using rules::require;

/// Upsample-7 and Resize-10 have scales as second input or attribute; Resize-11 has roi there.
void normalize_resize(Layer& layer, int) {
  if (layer.inputs.size() == 2) layer.inputs.insert(layer.inputs.begin() + 1, Tensor::absent());
}

void normalize_upsample(Layer& layer, int) {
  const Attribute* a = layer.attributes.find("scales");
  if (!a || layer.has_input(1)) return;
  Value scales;
  if (auto* list = std::get_if<std::vector<double>>(a)) scales = Value::of(*list);
  else return;
  layer.inputs.resize(2, Tensor::absent());
  layer.inputs[1] = {.shape = {static_cast<int64_t>(scales.size())},
                     .constant = true,
                     .value = std::make_shared<const Value>(std::move(scales))};
  layer.attributes.erase("scales");
}

/// floor(size x scale) in single precision, as the specification's own inference does it.
int64_t scaled(const Layer& layer, int64_t size, double scale) {
  require(scale > 0 && std::isfinite(scale), layer, "expected scales above 0, found " + std::to_string(scale));
  const auto out = fold::truncate(std::floor(static_cast<double>(static_cast<float>(size) * static_cast<float>(scale))));
  require(out.has_value(), layer,
          "scale " + std::to_string(scale) + " of dimension " + std::to_string(size) + " is beyond 64 bits");
  return *out;
}

std::vector<size_t> resized_axes(const Layer& layer) {
  std::vector<size_t> out;
  const int64_t rank = layer.input(0).rank();
  if (layer.attributes.has("axes"))
    for (int64_t a : layer.attributes.integers("axes")) out.push_back(static_cast<size_t>(rules::axis(a, rank)));
  else
    for (int64_t i = 0; i < rank; ++i) out.push_back(static_cast<size_t>(i));
  return out;
}

/// Sizes as given, or one scale for all axes so that the image keeps its proportions.
Shape sized(const Layer& layer, const std::vector<int64_t>& sizes, const std::vector<size_t>& axes) {
  Shape out = layer.input(0).shape;
  const std::string_view policy = layer.attributes.text("keep_aspect_ratio_policy", "stretch");
  double scale = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    require(sizes[i] >= 0, layer, "expected sizes of 0 or more, found " + rules::text(sizes));
    if (policy == "stretch") continue;
    require(out[axes[i]] > 0, layer, "cannot keep the proportions of " + rules::text(out));
    const double s = static_cast<double>(sizes[i]) / static_cast<double>(out[axes[i]]);
    scale = i == 0 ? s : policy == "not_larger" ? std::min(scale, s) : std::max(scale, s);
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t& d = out[axes[i]];
    if (policy == "stretch") {
      d = sizes[i];
      continue;
    }
    const auto rounded = fold::truncate(std::floor(scale * static_cast<double>(d) + 0.5));
    require(rounded.has_value(), layer, "sizes " + rules::text(sizes) + " are beyond 64 bits");
    d = *rounded;
  }
  return out;
}

void resize_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& x = layer.input(0);
  const auto axes = resized_axes(layer);
  const auto fits = [&](size_t n) {
    require(n == axes.size(), layer, "expected " + std::to_string(axes.size()) + " scales or sizes, found " + std::to_string(n));
  };
  Shape out = x.shape;
  if (layer.has_input(3) && layer.input(3).shape != Shape{0}) {
    const auto sizes = fold::integers(layer, 3);
    if (!sizes) return rules::unknown(layer);
    fits(sizes->size());
    out = sized(layer, *sizes, axes);
  } else {
    const Value* scales = fold::input(layer, 2);
    if (!scales) {
      require(layer.has_input(2), layer, "expected scales or sizes");
      return rules::unknown(layer);
    }
    fits(scales->size());
    // The specification lets roi shrink the output; its own inference and onnxruntime do not.
    for (size_t i = 0; i < axes.size(); ++i) out[axes[i]] = scaled(layer, out[axes[i]], scales->real(i));
  }
  rules::set_output(layer, 0, std::move(out), x.dtype);
}

void upsample_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const Value* scales = fold::input(layer, 1);
  if (!scales) return rules::unknown(layer);
  Shape out = layer.input(0).shape;
  require(scales->size() == out.size(), layer,
          "expected " + std::to_string(out.size()) + " scales, found " + std::to_string(scales->size()));
  for (size_t i = 0; i < out.size(); ++i) out[i] = scaled(layer, out[i], scales->real(i));
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

/// Each interpolated axis multiplies the elements that are weighed: 2 for linear, 4 for cubic. A product and a sum each.
double taps(std::string_view mode, double axes) {
  if (mode == "linear" || mode == "bilinear") return 2 * std::pow(2.0, axes);
  if (mode == "cubic" || mode == "bicubic") return 2 * std::pow(4.0, axes);
  return 0;
}

Cost resize_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  double axes = 0;
  for (size_t i = 0; i < layer.input(0).shape.size() && i < layer.output(0).shape.size(); ++i)
    axes += layer.input(0).shape[i] != layer.output(0).shape[i];
  c.flops = c.output_elements * taps(layer.attributes.text("mode", "nearest"), std::min(axes, 3.0));
  return c;
}

void grid_sample_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const Shape& x = layer.input(0).shape;
  const Shape& grid = layer.input(1).shape;
  require(x.size() >= 3 && grid.size() == x.size() && grid.back() == static_cast<int64_t>(x.size()) - 2, layer,
          "input " + rules::text(x) + " and grid " + rules::text(grid) +
              " do not belong together; expected N x C x image and N x image x coordinates");
  Shape out = {x[0], x[1]};
  out.insert(out.end(), grid.begin() + 1, grid.end() - 1);
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

Cost grid_sample_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 2);
  c.flops = c.output_elements *
            taps(layer.attributes.text("mode", "linear"), std::min(3.0, static_cast<double>(layer.input(0).rank()) - 2));
  return c;
}

/// Opset 16 called the modes bilinear and bicubic.
void normalize_grid_sample(Layer& layer, int) {
  const std::string_view mode = layer.attributes.text("mode", "linear");
  if (mode == "bilinear") layer.attributes.set("mode", std::string("linear"));
  if (mode == "bicubic") layer.attributes.set("mode", std::string("cubic"));
}

void affine_grid_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::require_rank(layer, 0, 3, 3);
  const auto size = fold::integers(layer, 1);
  if (!size) return rules::unknown(layer);
  require(size->size() == 4 || size->size() == 5, layer, "expected a size of 4 or 5 dimensions, found " + rules::text(*size));
  for (int64_t d : *size) require(d >= 0, layer, "expected dimensions of 0 or more, found " + rules::text(*size));
  Shape out = {(*size)[0]};
  out.insert(out.end(), size->begin() + 2, size->end());
  out.push_back(static_cast<int64_t>(size->size()) - 2);
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

Cost affine_grid_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  c.macs = c.output_elements * static_cast<double>(layer.output(0).rank() - 1);
  return c;
}

void crop_and_resize_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 4)) return;
  rules::require_rank(layer, 0, 4, 4);
  rules::require_rank(layer, 1, 2, 2);
  const auto size = fold::integers(layer, 3);
  if (!size) return rules::unknown(layer);
  require(size->size() == 2 && (*size)[0] >= 0 && (*size)[1] >= 0, layer,
          "expected a crop size of height and width, found " + rules::text(*size));
  rules::set_output(layer, 0, {layer.input(1).shape[0], layer.input(0).shape[1], (*size)[0], (*size)[1]}, layer.input(0).dtype);
}

Cost crop_and_resize_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 2);
  c.flops = c.output_elements * taps(layer.attributes.text("mode", "bilinear"), 2);
  return c;
}

}  // namespace

const std::vector<Operator>& resize_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "Resize",
          .family = Family::copy,
          .summary = "resampling; nearest 0, linear 2 * 2^d, cubic 2 * 4^d FLOPs an output element, d resized axes",
          .shapes = resize_shapes,
          .cost = resize_cost,
          .normalize = normalize_resize,
          .attributes = {{"axes"},
                         {"coordinate_transformation_mode", "half_pixel"},
                         {"keep_aspect_ratio_policy", "stretch"},
                         {"mode", "nearest"}},
          .run = {"aten::upsample_bilinear2d"},
          .calls = aten::resize,
          .examples = {"Resize 1x64x28x28 - [1.0,1.0,2.0,2.0]",
                       "Resize 1x3x200x300 - - [100,100] axes=2,3 keep_aspect_ratio_policy=not_larger mode=linear"},
          .backward = backward_rules::resize,
      },
      {
          .name = "Upsample",
          .family = Family::copy,
          .summary = "resampling by scales of 1 or more; nearest 0, linear 2 * 2^d FLOPs an output element, d resized axes",
          .shapes = upsample_shapes,
          .cost = resize_cost,
          .normalize = normalize_upsample,
          .attributes = {{"mode", "nearest"}},
          .run = {"aten::upsample_nearest2d"},
          .calls = aten::resize,
          .examples = {"Upsample 1x64x28x28 [1.0,1.0,2.0,2.0]"},
          .backward = backward_rules::resize,
      },
      {
          .name = "GridSample",
          .family = Family::copy,
          .summary = "samples an image at given points; nearest 0, linear 2 * 2^d, cubic 2 * 4^d FLOPs an output element",
          .shapes = grid_sample_shapes,
          .cost = grid_sample_cost,
          .normalize = normalize_grid_sample,
          .attributes = {{"align_corners", "0"}, {"mode", "linear"}, {"padding_mode", "zeros"}},
          .run = {"aten::grid_sampler"},
          .calls = aten::grid_sample,
          .examples = {"GridSample 1x64x28x28 1x14x14x2"},
      },
      {
          .name = "com.microsoft.GridSample",
          .family = Family::copy,
          .summary = "as GridSample",
          .shapes = grid_sample_shapes,
          .cost = grid_sample_cost,
          .normalize = normalize_grid_sample,
          .attributes = {{"align_corners", "0"}, {"mode", "linear"}, {"padding_mode", "zeros"}},
          .run = {"aten::grid_sampler"},
          .calls = aten::grid_sample,
          .examples = {"com.microsoft.GridSample 1x64x28x28 1x14x14x2"},
      },
      {
          .name = "AffineGrid",
          .family = Family::copy,
          .summary = "sampling points of an affine map; MACs = output elements x (d + 1)",
          .shapes = affine_grid_shapes,
          .cost = affine_grid_cost,
          .attributes = {{"align_corners", "0"}},
          .examples = {"AffineGrid 1x2x3 [1,3,14,14]"},
      },
      {
          .name = "com.microsoft.CropAndResize",
          .family = Family::copy,
          .summary = "crops resampled to one size; bilinear 8 FLOPs an output element",
          .shapes = crop_and_resize_shapes,
          .cost = crop_and_resize_cost,
          .attributes = {{"mode", "bilinear"}},
          .examples = {"com.microsoft.CropAndResize 1x64x28x28 10x4 i32:10 i32:[7,7]"},
      },
  };
  return operators;
}

}  // namespace wattlayer
