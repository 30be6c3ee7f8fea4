#include "wattlayer/ops/backward.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/gradient_activations.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

/// The layer as it runs in training.
Layer trained(std::string_view text) {
  Layer layer = parse_layer(text);
  const Operator* op = find_operator(layer.op);
  if (op && op->train) {
    op->train(layer);
    for (Tensor& output : layer.outputs) output.present = true;
    infer(layer);
  }
  return layer;
}

std::vector<bool> reals(const std::vector<Tensor>& tensors) {
  std::vector<bool> result;
  for (const Tensor& t : tensors) result.push_back(t.present && is_float(t.dtype) && !t.value);
  return result;
}

/// Backward with gradients of the first output and towards all inputs of reals.
Backward whole(const Layer& layer) {
  std::vector<bool> given(layer.outputs.size(), false);
  given[0] = true;
  return backward(layer, reals(layer.inputs), given);
}

/// Shape of a tensor that the backward pass made.
const Tensor& made(const Backward& back, const Layer& layer, GradientOperand operand) {
  using From = GradientOperand::From;
  const auto i = static_cast<size_t>(operand.index);
  if (operand.from == From::step) return back.steps.at(i).layer.outputs.at(static_cast<size_t>(operand.result));
  if (operand.from == From::output_gradient) return layer.outputs.at(i);
  if (operand.from == From::input) return layer.inputs.at(i);
  return operand.from == From::constant ? back.constants.at(i) : layer.outputs.at(i);
}

std::vector<std::string> ops(const Backward& back) {
  std::vector<std::string> list;
  for (const Backward::Step& step : back.steps) list.push_back(step.layer.op);
  return list;
}

double macs(const Backward& back) {
  double sum = 0;
  for (const Backward::Step& step : back.steps) sum += cost(step.layer).macs;
  return sum;
}

/// Inputs of reals without a gradient (steps, running statistics, rotation tables, masks of attention), by operator and place,
/// and operators whose gradient is only bounded for one of their examples.
std::set<std::string> no_gradients() {
  return {"Acos gives up",
          "Acosh gives up",
          "Asin gives up",
          "Asinh gives up",
          "Atan gives up",
          "Atanh gives up",
          "Attention 3",
          "Attention gives up",
          "BatchNormalization 3",
          "BatchNormalization 4",
          "Ceil 0",
          "Cosh gives up",
          "Einsum gives up",
          "Floor 0",
          "Pad gives up",
          "RotaryEmbedding 1",
          "RotaryEmbedding 2",
          "Round 0",
          "Sign 0",
          "Sinh gives up",
          "com.microsoft.RotaryEmbedding 2",
          "com.microsoft.RotaryEmbedding 3",
          "org.pytorch.aten.mse_loss gives up"};
}

TEST(EveryBackward, GivesGradientsOfTheShapeOfTheInputs) {
  int with_rule = 0;
  std::set<std::string> without;
  for (const Operator* op : catalogue()) {
    if (!op->backward) continue;
    ++with_rule;
    for (std::string_view example : op->examples) {
      const Layer layer = trained(example);
      if (!is_float(layer.output(0).dtype)) continue;
      const Backward back = whole(layer);
      ASSERT_EQ(back.gradients.size(), layer.inputs.size()) << example;
      const std::vector<bool> wanted = reals(layer.inputs);
      for (size_t i = 0; i < layer.inputs.size(); ++i)
        if (back.gradients[i])
          EXPECT_EQ(made(back, layer, back.gradients[i]).shape, layer.inputs[i].shape) << example << ": " << i;
        else if (wanted[i]) without.insert(fmt::format("{} {}", op->name, i));
      for (const Backward::Step& step : back.steps)
        if (!find_operator(step.layer.op)) without.insert(fmt::format("{} gives up", op->name));
    }
  }
  EXPECT_EQ(without, no_gradients());
  EXPECT_GT(with_rule, 80);
}

TEST(EveryBackward, RunsLayersOfKnownShapesThatReadBack) {
  for (const Operator* op : catalogue()) {
    if (!op->backward) continue;
    for (std::string_view example : op->examples) {
      const Layer layer = trained(example);
      if (!is_float(layer.output(0).dtype)) continue;
      for (const Backward::Step& step : whole(layer).steps) {
        ASSERT_EQ(step.inputs.size(), step.layer.inputs.size()) << example;
        for (const Tensor& t : step.layer.outputs) EXPECT_TRUE(!t.present || t.known) << example << ": " << step.layer.op;
        EXPECT_EQ(print(parse_layer(print(step.layer))), print(step.layer)) << example;
        const Cost c = cost(step.layer);
        EXPECT_TRUE(std::isfinite(c.macs + c.flops + c.special + c.input_bytes + c.output_bytes)) << print(step.layer);
      }
    }
  }
}

/// What multiplies forward multiplies for each of its two operands again; attention computes its scores once more.
TEST(EveryBackward, MultipliesForEachOperand) {
  for (const char* example :
       {"Conv 2x32x28x28 64x32x3x3 64 pads=1,1,1,1", "Conv 2x32x28x28 32x1x3x3 32 group=32 strides=2,2",
        "Conv 1x3x8x32x32 16x3x3x3x3 16 dilations=1,2,2", "ConvTranspose 1x64x28x28 64x32x2x2 32 strides=2,2",
        "Gemm 16x64 32x64 32 transB=1", "Gemm 64x16 64x32 transA=1", "MatMul 2x16x64 64x32", "MatMul 64 64x8",
        "MatMul 2x4x16x8 2x4x8x16 const=-", "MatMul 4x8x16 16", "Einsum 2x8x16 2x16x4 equation=bij\\cbjk->bik",
        "LSTM 32x4x64 1x512x64 1x512x128 1x1024"}) {
    const Layer layer = trained(example);
    EXPECT_NEAR(macs(whole(layer)), 2 * cost(layer).macs, 1e-9 * cost(layer).macs) << example;
  }
  const Layer attention = trained("Attention 1x12x128x64 1x12x128x64 1x12x128x64");
  EXPECT_DOUBLE_EQ(macs(whole(attention)), 2.5 * cost(attention).macs);
}

TEST(Backward, MultipliesOnlyForWhatIsWanted) {
  const Layer layer = parse_layer("Conv 2x32x28x28 64x32x3x3 64 pads=1,1,1,1");
  const Backward of_weights = backward(layer, {false, true, true}, {true});
  ASSERT_EQ(ops(of_weights), (std::vector<std::string>{"com.microsoft.ConvGrad"}));
  EXPECT_DOUBLE_EQ(macs(of_weights), cost(layer).macs);
  EXPECT_FALSE(of_weights.gradients[0]);
  EXPECT_TRUE(of_weights.gradients[2]);
  // Neither the weights are read for their own gradient, nor the input for its own.
  EXPECT_DOUBLE_EQ(cost(of_weights.steps[0].layer).weight_bytes, 0);
  const Backward of_input = backward(layer, {true, false, false}, {true});
  EXPECT_DOUBLE_EQ(cost(of_input.steps[0].layer).input_bytes, layer.output(0).bytes());
}

TEST(Backward, SumsWhatWasBroadcast) {
  const Backward back = whole(parse_layer("Add 8x128x768 768"));
  EXPECT_EQ(ops(back), (std::vector<std::string>{"ReduceSum"}));
  EXPECT_EQ(back.gradients[0].from, GradientOperand::From::output_gradient);
}

TEST(Backward, WithoutARuleIsBoundedByItsBytes) {
  const Layer layer = parse_layer("TopK 4x100 [5] outputs=1,1");
  const Backward back = whole(layer);
  ASSERT_EQ(back.steps.size(), 1u);
  EXPECT_EQ(back.steps[0].layer.op, "TopKGrad");
  EXPECT_EQ(find_operator("TopKGrad"), nullptr);
  const Cost c = cost(back.steps[0].layer);
  EXPECT_GE(c.input_bytes + c.output_bytes, 2 * layer.input(0).bytes());
}

TEST(Backward, OfARecurrenceReachesItsInitialStates) {
  const Layer layer = parse_layer("LSTM 32x4x64 1x512x64 1x512x128 1x1024 - 1x4x128 1x4x128 const=1,2,3 outputs=1,1,1");
  const Backward back = backward(layer, {false, false, false, false, false, true, true}, {false, true, false});
  ASSERT_TRUE(back.gradients[5] && back.gradients[6]);
  EXPECT_EQ(made(back, layer, back.gradients[5]).shape, layer.inputs[5].shape);
  EXPECT_EQ(made(back, layer, back.gradients[6]).shape, layer.inputs[6].shape);
  EXPECT_DOUBLE_EQ(macs(back), 2 * cost(layer).macs);
}

TEST(Backward, OfARecurrenceWhoseLastStateAloneIsUsedIsNotFree) {
  const Layer layer = parse_layer("GRU 32x4x64 1x384x64 1x384x128 1x768 outputs=0,1");
  const Backward back = backward(layer, {true, true, true, true}, {false, true});
  EXPECT_TRUE(back.gradients[0] && back.gradients[3]);
  EXPECT_DOUBLE_EQ(macs(back), 2 * cost(layer).macs);
}

TEST(Backward, StepsHaveNoGradient) {
  const Backward back = whole(parse_layer("Floor 1x128"));
  EXPECT_TRUE(back.steps.empty());
  EXPECT_FALSE(back.gradients[0]);
}

TEST(Backward, OfATiedOperandIsGivenTwice) {
  const Backward back = whole(parse_layer("Mul 4x8 4x8"));
  EXPECT_EQ(ops(back), (std::vector<std::string>{"Mul", "Mul"}));
}

TEST(GradientActivations, NameOperatorsOfTheCatalogue) {
  for (const GradientActivation& a : gradient_activations()) {
    EXPECT_NE(find_operator(a.op), nullptr) << a.op;
    EXPECT_NE(find_operator(a.of), nullptr) << a.of;
    EXPECT_NE(find_operator(a.of)->backward, nullptr) << a.of;
  }
}

}  // namespace
}  // namespace wattlayer
