#include "wattlayer/fit/layer_features.h"

#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

double dimension(const Tensor& tensor, size_t i) {
  return tensor.present && tensor.known && i < tensor.shape.size() ? static_cast<double>(tensor.shape[i]) : 0;
}

double per_sample(const Tensor& tensor) {
  const double batch = dimension(tensor, 0);
  return batch > 0 ? tensor.elements() / batch : tensor.elements();
}

bool is_pool(const Layer& layer) { return layer.op == "MaxPool" || layer.op == "AveragePool"; }

double kernel_size(const Layer& layer) {
  if (is_pool(layer)) return static_cast<double>(layer.attributes.integer_at("kernel_shape", 0, 1));
  return dimension(layer.input(1), 2);
}

/// Columns and rows of the weight matrix of a linear layer, or channels of a convolution or pool.
double channels(const Layer& layer, bool in) {
  const Tensor& tensor = in ? layer.input(0) : layer.output(0);
  return tensor.shape.empty() ? 0 : dimension(tensor, tensor.shape.size() < 4 ? tensor.shape.size() - 1 : 1);
}

double paper_macs(const Layer& layer) {
  const double out = layer.output(0).elements();
  if (is_pool(layer)) return kernel_size(layer) * kernel_size(layer) * out / 2;
  if (layer.op == "Relu") return out;
  const double macs = cost(layer).macs;
  return macs > 0 && layer.has_input(2) ? macs + out : macs;
}

}  // namespace

double feature(const Layer& layer, LayerFeature feature) {
  const bool spatial = layer.input(0).rank() == 4;
  switch (feature) {
    case LayerFeature::batch:
      return dimension(layer.input(0), 0);
    case LayerFeature::image_size:
      return spatial ? dimension(layer.input(0), 2) : 0;
    case LayerFeature::kernel_size:
      return spatial ? kernel_size(layer) : 0;
    case LayerFeature::in_channels:
      return channels(layer, true);
    case LayerFeature::out_channels:
      return channels(layer, false);
    case LayerFeature::stride:
      return static_cast<double>(layer.attributes.integer_at("strides", 0, 1));
    case LayerFeature::padding:
      return static_cast<double>(layer.attributes.integer_at("pads", 0, 0));
    case LayerFeature::out_image_size:
      return spatial ? dimension(layer.output(0), 2) : 0;
    case LayerFeature::input_size:
      return per_sample(layer.input(0));
    case LayerFeature::output_size:
      return per_sample(layer.output(0));
    case LayerFeature::macs:
      return cost(layer).macs;
    case LayerFeature::paper_macs:
      return paper_macs(layer);
    case LayerFeature::activations:
      return cost(layer).output_elements;
    case LayerFeature::parameters:
      return cost(layer).parameters;
    case LayerFeature::flops:
      return 2 * cost(layer).macs + cost(layer).flops;
    case LayerFeature::memory:
      return cost(layer).input_bytes + cost(layer).weight_bytes + cost(layer).output_bytes;
  }
  return 0;
}

std::vector<double> features(const Layer& layer, std::span<const LayerFeature> wanted) {
  std::vector<double> values;
  for (LayerFeature f : wanted) values.push_back(feature(layer, f));
  return values;
}

double total(const Workload& workload, LayerFeature wanted) {
  double sum = 0;
  for (const WorkloadItem& item : workload.items) sum += item.count * feature(item.layer, wanted);
  return sum;
}

}  // namespace wattlayer
