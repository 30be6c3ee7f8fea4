#include "wattlayer/bench/second_moments.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

namespace wattlayer {
namespace {

double dim_at(const Tensor& t, int64_t i) {
  const int64_t at = i < 0 ? i + t.rank() : i;
  return at >= 0 && at < t.rank() ? static_cast<double>(t.shape[static_cast<size_t>(at)]) : 1;
}

double ratio(double a, double b) { return b > 0 ? a / b : a; }

/// Of a few known elements; masks of huge numbers count as nothing, as they end as zeros.
double moment_of(const Value& value) {
  double sum = 0;
  for (size_t i = 0; i < value.size(); ++i)
    if (std::abs(value.real(i)) < 1e4) sum += value.real(i) * value.real(i);
  return ratio(sum, static_cast<double>(value.size()));
}

double moment_of(const ValueRange& r) { return (r.high * r.high + r.high * r.low + r.low * r.low) / 3; }

/// Outputs of activations and the like, as a share of the input's moment and at most so much.
struct Curve {
  double share, most;
};
const std::map<std::string_view, Curve> curves = {{"Relu", {0.5, 1e30}},
                                                  {"LeakyRelu", {0.6, 1e30}},
                                                  {"PRelu", {0.6, 1e30}},
                                                  {"Elu", {0.6, 1e30}},
                                                  {"Gelu", {0.5, 1e30}},
                                                  {"Swish", {0.5, 1e30}},
                                                  {"HardSwish", {0.5, 1e30}},
                                                  {"Mish", {0.5, 1e30}},
                                                  {"Clip", {0.5, 12}},
                                                  {"Sigmoid", {1, 0.6}},
                                                  {"HardSigmoid", {1, 0.6}},
                                                  {"Tanh", {1, 0.5}},
                                                  {"Erf", {1, 0.5}},
                                                  {"Sin", {1, 0.5}},
                                                  {"Cos", {1, 0.5}},
                                                  {"MaxPool", {1.5, 1e30}},
                                                  {"LSTM", {1, 0.3}},
                                                  {"GRU", {1, 0.3}},
                                                  {"RNN", {1, 0.5}},
                                                  {"LogSoftmax", {1, 50}},
                                                  {"BatchNormalization", {1e30, 1.3}},
                                                  {"LayerNormalization", {1e30, 1.3}},
                                                  {"GroupNormalization", {1e30, 1.3}},
                                                  {"InstanceNormalization", {1e30, 1.3}},
                                                  {"RMSNormalization", {1e30, 1.3}}};

/// Products that are summed for one output element.
double summed(const Layer& layer) {
  const Tensor &x = layer.input(0), &w = layer.input(1);
  if (layer.op == "Conv") return ratio(w.elements(), dim_at(w, 0));
  if (layer.op == "ConvTranspose") return ratio(x.elements() * w.elements(), dim_at(x, 1) * layer.output(0).elements());
  if (layer.op == "Gemm") return dim_at(x, layer.attributes.integer("transA", 0) != 0 ? 0 : 1);
  if (layer.op == "MatMul") return dim_at(x, -1);
  return std::sqrt(ratio(x.elements() * w.elements(), layer.output(0).elements()));
}

double moment_after(const Layer& layer, const std::vector<double>& in) {
  const std::string_view op = layer.op;
  const double x = in.empty() ? 1 : in[0], y = in.size() > 1 ? in[1] : 1, z = in.size() > 2 ? in[2] : 0;
  if (const auto curve = curves.find(op); curve != curves.end()) return std::min(curve->second.share * x, curve->second.most);
  if (op == "Conv" || op == "ConvTranspose" || op == "Gemm") return summed(layer) * x * y + z;
  if (op == "MatMul" || (op == "Einsum" && in.size() == 2)) return summed(layer) * x * y;
  if (op == "Add" || op == "Sub" || op == "Sum") {
    double sum = 0;
    for (double m : in) sum += m;
    return sum;
  }
  if (op == "Mul") return x * y;
  if (op == "Div") return ratio(x, y);
  if (op == "Sqrt") return std::sqrt(x);
  if (op == "Pow") return 3 * x * x;
  if (op == "Softmax") return 1 / dim_at(layer.input(0), layer.attributes.integer("axis", -1));
  if (op == "ReduceSum" || op == "ReduceL2") return x * ratio(layer.input(0).elements(), layer.output(0).elements());
  if (op == "Concat") return *std::max_element(in.begin(), in.end());
  if (op == "Where") return std::max(y, z);
  return x;
}

}  // namespace

std::vector<double> second_moments(const Graph& graph, const std::vector<ValueRange>& ranges) {
  std::vector<double> moments(graph.values.size(), -1);
  std::vector<double> in;
  for (const Node& node : graph.nodes) {
    in.clear();
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] < 0) {
        in.push_back(0);
        continue;
      }
      double& m = moments[static_cast<size_t>(node.inputs[i])];
      if (m < 0)
        m = node.layer.input(i).value ? moment_of(*node.layer.input(i).value)
                                      : moment_of(ranges[static_cast<size_t>(node.inputs[i])]);
      in.push_back(m);
    }
    const double after = std::clamp(moment_after(node.layer, in), 1e-12, 1e12);
    for (int output : node.outputs)
      if (output >= 0) moments[static_cast<size_t>(output)] = after;
  }
  return moments;
}

void fit_statistics(const Graph& graph, std::vector<ValueRange>& ranges) {
  const std::vector<double> moments = second_moments(graph, ranges);
  for (const Node& node : graph.nodes) {
    if (node.layer.op != "BatchNormalization" || node.inputs.size() < 5) continue;
    const double moment = moments[static_cast<size_t>(node.inputs[0])], deviation = std::sqrt(moment);
    if (node.inputs[3] >= 0) ranges[static_cast<size_t>(node.inputs[3])] = {-0.5 * deviation, 0.5 * deviation};
    if (node.inputs[4] >= 0) ranges[static_cast<size_t>(node.inputs[4])] = {moment, 2 * moment};
  }
}

}  // namespace wattlayer
