#include <algorithm>
#include <cmath>
#include <numeric>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/aten_calls.h"

namespace wattlayer::aten {
namespace {

[[noreturn]] void unsupported(const Layer& layer, const std::string& what) {
  throw Error(ErrorKind::unsupported, layer.op + ": " + what + " has no ATen counterpart");
}

/// Axes given as an optional input; all of the first input's when absent.
std::vector<int64_t> axes_of(const Layer& layer, size_t i) {
  std::vector<int64_t> axes;
  if (layer.has_input(i)) {
    axes = integers(layer, i);
    for (int64_t& a : axes) a = axis(layer, 0, a);
  } else {
    axes.resize(layer.input(0).shape.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  return axes;
}

/// The image in blocks: reshaped to `split`, its dimensions permuted, reshaped to the output.
AtenCalls regroup(const Layer& layer, Shape split, std::vector<int64_t> permutation) {
  AtenCalls calls;
  Operand x = calls.add("aten::reshape", {{"self", input(0)}, {"shape", AtenValue(std::move(split))}});
  x = calls.add("aten::permute", {{"self", x}, {"dims", AtenValue(std::move(permutation))}});
  calls.outputs = {calls.add("aten::reshape", {{"self", x}, {"shape", AtenValue(layer.output(0).shape)}})};
  return calls;
}

}  // namespace

AtenCalls transpose(const Layer& layer) {
  std::vector<int64_t> permutation = layer.attributes.integers("perm");
  if (permutation.empty())
    for (int64_t i = layer.input(0).rank(); i-- > 0;) permutation.push_back(i);
  return single("aten::permute", {{"self", input(0)}, {"dims", AtenValue(permutation)}});
}

AtenCalls split(const Layer& layer) {
  const int64_t along = axis(layer, 0, layer.attributes.integer("axis", 0));
  std::vector<int64_t> sizes;
  AtenCalls calls;
  for (const Tensor& out : layer.outputs) {
    if (!out.known) unsupported(layer, "an unknown piece");
    sizes.push_back(out.shape[static_cast<size_t>(along)]);
  }
  const Operand all =
      calls.add("aten::split_with_sizes", {{"self", input(0)}, {"split_sizes", AtenValue(sizes)}, {"dim", AtenValue(along)}});
  for (size_t i = 0; i < layer.outputs.size(); ++i) calls.outputs.push_back(result(all, static_cast<int>(i)));
  return calls;
}

AtenCalls slice(const Layer& layer) {
  const std::vector<int64_t> starts = integers(layer, 1), ends = integers(layer, 2), axes = axes_of(layer, 3);
  const std::vector<int64_t> steps = layer.has_input(4) ? integers(layer, 4) : std::vector<int64_t>(starts.size(), 1);
  AtenCalls calls;
  Operand x = input(0);
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t along = axes[i], size = layer.input(0).shape[static_cast<size_t>(along)];
    int64_t start = starts[i], end = ends[i], step = steps[i];
    if (step < 0) {
      // Read from the far end: position p becomes size - 1 - p.
      x = calls.add("aten::flip", {{"self", x}, {"dims", AtenValue(std::vector<int64_t>{along})}});
      start = size - 1 - std::clamp<int64_t>(start < 0 ? start + size : start, -1, size - 1);
      end = end < -size ? size : size - 1 - std::clamp<int64_t>(end < 0 ? end + size : end, -1, size - 1);
      step = -step;
    }
    if (start == 0 && end >= size && step == 1) continue;
    x = calls.add("aten::slice.Tensor", {{"self", x},
                                         {"dim", AtenValue(along)},
                                         {"start", AtenValue(start)},
                                         {"end", AtenValue(end)},
                                         {"step", AtenValue(step)}});
  }
  if (calls.calls.empty()) x = calls.add("aten::alias", {{"self", x}});
  calls.outputs = {x};
  return calls;
}

AtenCalls pad(const Layer& layer) {
  const std::vector<int64_t> pads = integers(layer, 1), axes = axes_of(layer, 3);
  const size_t rank = layer.input(0).shape.size(), half = pads.size() / 2;
  std::vector<int64_t> around(2 * rank);  // ATen names the last dimension first
  for (size_t i = 0; i < half; ++i) {
    const size_t at = rank - 1 - static_cast<size_t>(axes[i]);
    around[2 * at] = pads[i];
    around[2 * at + 1] = pads[i + half];
  }
  while (around.size() > 2 && around.back() == 0 && around[around.size() - 2] == 0) around.resize(around.size() - 2);
  const std::string_view mode = layer.attributes.text("mode", "constant");
  if (mode == "constant") {
    AtenValue filling = int64_t{0};
    if (layer.has_input(2)) {
      const Tensor& given = layer.input(2);
      if (!given.value || given.value->size() < 1) unsupported(layer, "a border that the network computes");
      filling = given.value->real(0);
    }
    return single("aten::constant_pad_nd", {{"self", input(0)}, {"pad", AtenValue(around)}, {"value", filling}});
  }
  const std::string name = mode == "edge" ? "replicate" : mode == "wrap" ? "circular" : "reflect";
  return single("aten::pad", {{"self", input(0)}, {"pad", AtenValue(around)}, {"mode", AtenValue(name)}});
}

AtenCalls trilu(const Layer& layer) {
  const bool upper = layer.attributes.integer("upper", 1) != 0;
  const int64_t diagonal = layer.has_input(1) ? integers(layer, 1).at(0) : 0;
  return single(upper ? "aten::triu" : "aten::tril", {{"self", input(0)}, {"diagonal", AtenValue(diagonal)}});
}

AtenCalls depth_to_space(const Layer& layer) {
  const int64_t b = layer.attributes.integer("blocksize", 1);
  if (layer.attributes.text("mode", "DCR") == "CRD")
    return single("aten::pixel_shuffle", {{"self", input(0)}, {"upscale_factor", AtenValue(b)}});
  const Shape& x = layer.input(0).shape;
  return regroup(layer, {x[0], b, b, x[1] / (b * b), x[2], x[3]}, {0, 3, 4, 1, 5, 2});
}

AtenCalls space_to_depth(const Layer& layer) {
  const int64_t b = layer.attributes.integer("blocksize", 1);
  const Shape& x = layer.input(0).shape;
  return regroup(layer, {x[0], x[1], x[2] / b, b, x[3] / b, b}, {0, 3, 5, 1, 2, 4});
}

AtenCalls constant_of_shape(const Layer& layer) {
  const Attribute* given = layer.attributes.find("value");
  AtenValue filling = int64_t{0};
  if (const auto* whole = given ? std::get_if<std::vector<int64_t>>(given) : nullptr; whole && !whole->empty())
    filling = whole->front();
  if (const auto* real = given ? std::get_if<std::vector<double>>(given) : nullptr; real && !real->empty())
    filling = real->front();
  return single(
      "aten::full",
      {{"size", AtenValue(layer.output(0).shape)}, {"fill_value", filling}, {"dtype", AtenValue(layer.output(0).dtype)}});
}

AtenCalls range(const Layer& layer) {
  std::vector<AtenValue> bounds;
  for (size_t i = 0; i < 3; ++i) {
    const auto& value = layer.input(i).value;
    if (!value || value->size() != 1) unsupported(layer, "a bound that the network computes");
    if (value->is_real) bounds.emplace_back(value->reals[0]);
    else bounds.emplace_back(value->integers[0]);
  }
  return single("aten::arange.start_step",
                {{"start", bounds[0]}, {"end", bounds[1]}, {"step", bounds[2]}, {"dtype", AtenValue(layer.output(0).dtype)}});
}

AtenCalls resize(const Layer& layer) {
  const Shape &x = layer.input(0).shape, &y = layer.output(0).shape;
  if (x.size() < 3 || x.size() > 5 || x[0] != y[0] || x[1] != y[1]) unsupported(layer, "resizing batch or channels");
  const std::string_view mode = layer.attributes.text("mode", "nearest");
  const std::string_view coordinates = layer.attributes.text("coordinate_transformation_mode", "half_pixel");
  const size_t d = x.size() - 2;
  std::vector<AtenArgument> arguments = {{"self", input(0)}, {"output_size", AtenValue(Shape(y.begin() + 2, y.end()))}};
  std::string name = "aten::upsample_nearest" + std::to_string(d) + "d";
  if (mode != "nearest") {
    if (mode == "cubic" && d != 2) unsupported(layer, "cubic resizing of other than images");
    const char* const linear[] = {"linear1d", "bilinear2d", "trilinear3d"};
    name = std::string("aten::upsample_") + (mode == "cubic" ? "bicubic2d" : linear[d - 1]);
    arguments.push_back({"align_corners", AtenValue(coordinates == "align_corners")});
  }
  return single(std::move(name), std::move(arguments));
}

AtenCalls grid_sample(const Layer& layer) {
  const std::string_view mode = layer.attributes.text("mode", "linear"), border = layer.attributes.text("padding_mode", "zeros");
  const int64_t interpolation = mode == "nearest" ? 1 : mode == "cubic" ? 2 : 0;
  const int64_t padding = border == "border" ? 1 : border == "reflection" ? 2 : 0;
  return single("aten::grid_sampler", {{"input", input(0)},
                                       {"grid", input(1)},
                                       {"interpolation_mode", AtenValue(interpolation)},
                                       {"padding_mode", AtenValue(padding)},
                                       {"align_corners", AtenValue(layer.attributes.integer("align_corners", 0) != 0)}});
}

}  // namespace wattlayer::aten
