#include <algorithm>

#include "wattlayer/ops/backward_rules.h"

namespace wattlayer::backward_rules {
namespace {

using Operand = GradientOperand;

int64_t flag(const BackwardBuilder& b, std::string_view name) { return b.layer().attributes.integer(name, 0); }

std::vector<Attributes::Item> transposed(bool a, bool b) {
  std::vector<Attributes::Item> items;
  if (a) items.push_back({"transA", int64_t{1}});
  if (b) items.push_back({"transB", int64_t{1}});
  return items;
}

Operand product(BackwardBuilder& b, Operand x, Operand y, bool transpose_x, bool transpose_y) {
  return b.add("Gemm", {x, y}, transposed(transpose_x, transpose_y));
}

/// Rows of all leading dimensions as one dimension.
Operand as_matrix(BackwardBuilder& b, Operand x) {
  const Shape& shape = b.shape(x);
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return b.reshape(x, {rows, shape.back()});
}

/// One matrix for all leading dimensions: two plain products, as PyTorch flattens them.
void shared_matmul(BackwardBuilder& b) {
  const Operand dy = as_matrix(b, b.gradient());
  if (b.wants(0)) b.give(0, b.reshape(product(b, dy, b.input(1), false, true), b.layer().input(0).shape));
  if (b.wants(1)) b.give(1, product(b, as_matrix(b, b.input(0)), dy, true, false));
}

void convolution(BackwardBuilder& b, std::string_view op) {
  std::vector<Attributes::Item> attributes;
  for (const auto& item : b.layer().attributes.items()) attributes.push_back(item);
  const std::vector<Operand> inputs = {b.gradient(), b.input(0), b.input(1)};
  if (b.wants(0)) b.give(0, b.add(op, inputs, attributes, {true}));
  if (!b.wants(1) && !b.wants(2)) return;
  const Operand of_weights = b.add(op, inputs, attributes, {false, b.wants(1), b.wants(2)});
  if (b.wants(1)) b.give(1, b.result(of_weights, 1));
  if (b.wants(2)) b.give(2, b.result(of_weights, 2));
}

}  // namespace

void none(BackwardBuilder&) {}

/// Y = A' B' + C. dA = dY B'^T, dB = A'^T dY, each transposed once more where the operand was.
void gemm(BackwardBuilder& b) {
  const bool turned_a = flag(b, "transA") != 0, turned_b = flag(b, "transB") != 0;
  const Operand dy = b.gradient();
  if (b.wants(0)) b.give(0, turned_a ? product(b, b.input(1), dy, turned_b, true) : product(b, dy, b.input(1), false, !turned_b));
  if (b.wants(1)) b.give(1, turned_b ? product(b, dy, b.input(0), true, turned_a) : product(b, b.input(0), dy, !turned_a, false));
  if (b.wants(2)) b.give(2, dy);
}

void matmul(BackwardBuilder& b) {
  const Shape &x = b.layer().input(0).shape, &w = b.layer().input(1).shape;
  if (x.size() >= 2 && w.size() == 2) return shared_matmul(b);
  const bool row = x.size() == 1, column = w.size() == 1;
  Shape out = b.layer().output(0).shape;
  if (column) out.push_back(1);
  if (row) out.insert(out.end() - 1, 1);
  const Operand dy = b.reshape(b.gradient(), out);
  const Operand left = row ? b.reshape(b.input(0), {1, x[0]}) : b.input(0);
  const Operand right = column ? b.reshape(b.input(1), {w[0], 1}) : b.input(1);
  const auto give = [&b](size_t i, Operand gradient, bool vector) {
    if (!vector) return b.give(i, gradient);
    Shape matrix = b.shape(gradient);
    const Shape rest = {matrix[matrix.size() - 2], matrix.back()};
    b.give(i, b.reshape(b.reduced(gradient, rest), b.layer().input(i).shape));
  };
  if (b.wants(0)) give(0, b.add("MatMul", {dy, b.swapped(right)}), row);
  if (b.wants(1)) give(1, b.add("MatMul", {b.swapped(left), dy}), column);
}

/// dA = einsum(dY, B) with the indices of A, and so on; for two operands and an equation that names its output.
void einsum(BackwardBuilder& b) {
  const std::string equation(b.layer().attributes.text("equation", ""));
  const size_t comma = equation.find(','), arrow = equation.find("->");
  if (b.layer().inputs.size() != 2 || comma == equation.npos || arrow == equation.npos) return b.give_up();
  const std::string left = equation.substr(0, comma), right = equation.substr(comma + 1, arrow - comma - 1),
                    out = equation.substr(arrow + 2);
  // An index that only one operand has was summed alone; its gradient would have to be spread.
  for (char c : left + right)
    if (c != ' ' && c != '.' && (left.find(c) != left.npos) + (right.find(c) != right.npos) + (out.find(c) != out.npos) < 2)
      return b.give_up();
  if (b.wants(0)) b.give(0, b.add("Einsum", {b.gradient(), b.input(1)}, {{"equation", out + "," + right + "->" + left}}));
  if (b.wants(1)) b.give(1, b.add("Einsum", {b.input(0), b.gradient()}, {{"equation", left + "," + out + "->" + right}}));
}

namespace {

/// A kernel of its own takes the gradient and the forward layer's inputs, and writes the gradients of the first `count` inputs.
void by_one_kernel(BackwardBuilder& b, const std::string& op, size_t inputs, size_t count) {
  std::vector<Operand> operands = {b.gradient()};
  for (size_t i = 0; i < std::min(inputs, b.layer().inputs.size()); ++i) operands.push_back(b.input(i));
  std::vector<bool> wanted;
  for (size_t i = 0; i < std::min(count, b.layer().inputs.size()); ++i) wanted.push_back(b.wants(i));
  if (std::find(wanted.begin(), wanted.end(), true) == wanted.end()) return;
  const auto& items = b.layer().attributes.items();
  const Operand all = b.add(op, operands, {items.begin(), items.end()}, wanted);
  for (size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i]) b.give(i, b.result(all, static_cast<int>(i)));
}

}  // namespace

void attention(BackwardBuilder& b) {
  if (b.layer().has_input(4)) return b.give_up();
  by_one_kernel(b, "com.microsoft.AttentionGrad", 4, 3);
}

/// The inverse rotation costs what the rotation does.
void rotary(BackwardBuilder& b) {
  std::vector<Operand> inputs = {b.gradient()};
  for (size_t i = 1; i < b.layer().inputs.size(); ++i) inputs.push_back(b.input(i));
  const auto& items = b.layer().attributes.items();
  if (b.wants(0)) b.give(0, b.add(b.layer().op, inputs, {items.begin(), items.end()}));
}

/// States are read where their gradients are wanted: an encoder learns through the initial states of its decoder.
void recurrence(BackwardBuilder& b) {
  if (b.wants(7)) return b.give_up();
  const size_t operands = b.wants(5) || b.wants(6) ? 7 : 4;
  by_one_kernel(b, "com.microsoft." + b.layer().op + "Grad", operands, operands);
}

void conv(BackwardBuilder& b) { convolution(b, "com.microsoft.ConvGrad"); }
void conv_transpose(BackwardBuilder& b) { convolution(b, "com.microsoft.ConvTransposeGrad"); }

}  // namespace wattlayer::backward_rules
