#include <algorithm>
#include <map>

#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/products.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"

namespace wattlayer {
namespace {

using rules::require;

/// An equation with every ellipsis replaced by the labels `0`, `1`, ... of its dimensions (outermost first), and the size of each
/// label.
struct Equation {
  std::vector<std::string> operands;
  std::string output;
  std::map<char, int64_t> sizes;
};

constexpr size_t widest_ellipsis = 10;

/// Labels of one term; `...` stands for the last `hidden` of the `widest` ellipsis labels.
std::string labels(const Layer& layer, std::string_view term, size_t hidden, size_t widest) {
  std::string out;
  for (size_t i = 0; i < term.size(); ++i) {
    if (term[i] == ' ') continue;
    if (term[i] == '.') {
      require(term.substr(i, 3) == "...", layer, "cannot read '" + std::string(term) + "'; expected labels or '...'");
      for (size_t d = widest - hidden; d < widest; ++d) out += static_cast<char>('0' + d);
      i += 2;
    } else {
      require(std::isalpha(static_cast<unsigned char>(term[i])), layer,
              "cannot read '" + std::string(term) + "'; expected letters or '...'");
      out += term[i];
    }
  }
  return out;
}

size_t letters(std::string_view term) {
  return static_cast<size_t>(std::count_if(term.begin(), term.end(), [](unsigned char c) { return std::isalpha(c) != 0; }));
}

std::vector<std::string_view> terms(std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    out.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

/// Without an arrow the output holds the ellipsis and, sorted, every letter that occurs once.
std::string implied_output(const Equation& e, size_t widest) {
  std::map<char, int> count;
  for (const std::string& operand : e.operands)
    for (char c : operand) ++count[c];
  std::string out;
  for (size_t d = 0; d < widest; ++d) out += static_cast<char>('0' + d);
  for (const auto& [label, n] : count)
    if (n == 1 && !std::isdigit(static_cast<unsigned char>(label))) out += label;
  return out;
}

Equation read_equation(const Layer& layer) {
  const std::string_view text = layer.attributes.text("equation", "");
  const size_t arrow = text.find("->");
  const auto parts = terms(text.substr(0, arrow));
  require(!text.empty() && parts.size() == layer.inputs.size(), layer,
          "equation '" + std::string(text) + "' has " + std::to_string(parts.size()) + " operands; found " +
              std::to_string(layer.inputs.size()) + " inputs");
  Equation e;
  std::vector<size_t> hidden(parts.size());
  size_t widest = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t rank = layer.inputs[i].shape.size();
    const bool ellipsis = parts[i].find('.') != std::string_view::npos;
    require(ellipsis ? rank >= letters(parts[i]) : rank == letters(parts[i]), layer,
            "operand '" + std::string(parts[i]) + "' does not fit input " + rules::text(layer.inputs[i].shape));
    hidden[i] = rank - letters(parts[i]);
    widest = std::max(widest, hidden[i]);
  }
  require(widest <= widest_ellipsis, layer, "'...' stands for " + std::to_string(widest) + " dimensions; expected at most 10");
  for (size_t i = 0; i < parts.size(); ++i) {
    e.operands.push_back(labels(layer, parts[i], hidden[i], widest));
    require(e.operands[i].size() == layer.inputs[i].shape.size(), layer,
            "operand '" + std::string(parts[i]) + "' has more than one '...'");
    for (size_t d = 0; d < e.operands[i].size(); ++d) {
      int64_t& size = e.sizes.try_emplace(e.operands[i][d], 1).first->second;
      const int64_t found = layer.inputs[i].shape[d];
      require(size == 1 || found == 1 || size == found, layer,
              std::string("label '") + e.operands[i][d] + "' is both " + std::to_string(size) + " and " + std::to_string(found));
      if (size == 1) size = found;
    }
  }
  e.output = arrow == std::string_view::npos ? implied_output(e, widest) : labels(layer, text.substr(arrow + 2), widest, widest);
  return e;
}

void einsum_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const Equation e = read_equation(layer);
  Shape out;
  for (char label : e.output) {
    require(e.sizes.count(label) != 0, layer, std::string("output label '") + label + "' is in no operand");
    out.push_back(e.sizes.at(label));
  }
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

bool holds(std::string_view labels, char label) { return labels.find(label) != std::string_view::npos; }

/// Operands are contracted from left to right; the largest product stands for the layer.
Cost einsum_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const Equation e = read_equation(layer);
  std::string left = e.operands[0];
  std::sort(left.begin(), left.end());
  left.erase(std::unique(left.begin(), left.end()), left.end());
  Cost largest;
  double macs = 0;
  for (size_t i = 1; i < e.operands.size(); ++i) {
    const std::string& right = e.operands[i];
    std::string needed = e.output;
    for (size_t j = i + 1; j < e.operands.size(); ++j) needed += e.operands[j];
    double groups = 1, m = 1, n = 1, k = 1;
    std::string result;
    bool contracts = false;
    for (const auto& [label, size] : e.sizes) {
      const bool in_left = holds(left, label), in_right = holds(right, label);
      if (!in_left && !in_right) continue;
      const bool kept = holds(needed, label);
      if (kept) result += label;
      contracts = contracts || (!kept && in_left && in_right);
      (in_left && in_right ? (kept ? groups : k) : in_left ? m : n) *= static_cast<double>(size);
    }
    Cost product;
    rules::count_product(product, groups, m, n, k);
    if (contracts) macs += product.macs;
    else c.flops += product.macs;
    if (contracts && product.macs >= largest.macs) largest = product;
    left = result;
  }
  if (e.operands.size() == 1) c.flops = layer.input(0).elements();
  rules::count_product(c, largest.groups, largest.m, largest.n, largest.k);
  c.macs = macs;
  return c;
}

}  // namespace

const std::vector<Operator>& einsum_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "Einsum",
          .family = Family::gemm,
          .summary = "sum of products by an index equation; MACs = product of all index sizes of each contraction of two "
                     "operands, left to right",
          .shapes = einsum_shapes,
          .cost = einsum_cost,
          .attributes = {{"equation"}},
          .run = {"aten::einsum", {run::attribute("equation", "equation", ""), run::inputs_from("tensors")}},
          .examples = {"Einsum 2x8x16 2x16x4 equation=bij\\cbjk->bik",
                       "Einsum 1x12x128x64 1x12x100x64 equation='...id\\c...jd->...ij", "Einsum 8x16 equation=ij->ji",
                       "Einsum 4x5 5x6 6x7 equation=ab\\cbc\\ccd"},
          .backward = backward_rules::einsum,
      },
  };
  return operators;
}

}  // namespace wattlayer
