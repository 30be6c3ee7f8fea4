#include <gtest/gtest.h>

#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

/// Every example of the catalogue: `Conv 1x64x56x56 ...`.
std::vector<std::string_view> all_examples() {
  std::vector<std::string_view> all;
  for (const Operator* op : catalogue()) all.insert(all.end(), op->examples.begin(), op->examples.end());
  return all;
}

TEST(EveryOperator, HasASummaryAndAnExampleOfItself) {
  for (const Operator* op : catalogue()) {
    EXPECT_FALSE(op->summary.empty()) << op->name;
    EXPECT_FALSE(op->examples.empty()) << op->name;
    for (std::string_view example : op->examples) EXPECT_EQ(example.substr(0, example.find(' ')), op->name);
  }
}

TEST(EveryOperator, IsListedOnce) {
  const auto all = catalogue();
  for (size_t i = 1; i < all.size(); ++i) EXPECT_NE(all[i - 1]->name, all[i]->name);
}

TEST(EveryOperator, ReadsBackWhatItPrints) {
  for (std::string_view example : all_examples()) {
    const std::string text = print(parse_layer(example));
    EXPECT_EQ(print(parse_layer(text)), text);
    // The outputs of If, Loop and Scan are those of their bodies, which a layer does not hold.
    if (find_operator(parse_layer(example).op)->family == Family::control) continue;
    EXPECT_EQ(text.find(" ->"), std::string::npos) << text << ": the shape rule does not give the outputs";
  }
}

TEST(EveryOperator, KnowsTheShapesOfItsOutputs) {
  for (std::string_view example : all_examples()) {
    const Layer layer = parse_layer(example);
    ASSERT_FALSE(layer.outputs.empty()) << example;
    for (const Tensor& out : layer.outputs) EXPECT_TRUE(!out.present || out.known) << example;
  }
}

TEST(EveryOperator, CostsFiniteAmounts) {
  for (std::string_view example : all_examples()) {
    const Cost c = cost(parse_layer(example));
    for (double count : {c.macs, c.flops, c.special, c.input_bytes, c.weight_bytes, c.output_bytes, c.input_elements,
                         c.output_elements, c.parameters, c.steps, c.groups, c.m, c.n, c.k})
      EXPECT_TRUE(std::isfinite(count) && count >= 0) << example;
  }
}

TEST(EveryOperator, MatrixProductAccountsForTheMacs) {
  for (std::string_view example : all_examples()) {
    const Cost c = cost(parse_layer(example));
    EXPECT_GE(c.macs * (1 + 1e-12), c.groups * c.m * c.n * c.k) << example;
  }
}

/// Shape rules and costs of layers that no sane network has: an Error or a finite cost, nothing else.
TEST(EveryOperator, SurvivesHostileShapes) {
  const char* shapes[] = {
      "", "0", "scalar", "9223372036854775807", "0x0x0x0", "1x9223372036854775807x9223372036854775807x3", "1x1x1x1x1x1"};
  for (const Operator* op : catalogue())
    for (const char* first : shapes)
      for (const char* second : shapes)
        for (const char* third : shapes) {
          std::string text(op->name);
          for (std::string_view shape : {first, second, third})
            if (!shape.empty()) text += ' ' + std::string(shape);
          try {
            const Cost c = cost(parse_layer(text));
            EXPECT_FALSE(std::isnan(c.macs + c.flops + c.special)) << text;
          } catch (const Error& e) {
            EXPECT_NE(e.kind(), ErrorKind::internal) << text;
          }
        }
}

/// An example with one attribute at a hostile value.
TEST(EveryOperator, SurvivesHostileAttributes) {
  const char* values[] = {"0",
                          "-1",
                          "9223372036854775807",
                          "-9223372036854775808",
                          "0,0,0,0",
                          "9223372036854775807,9223372036854775807",
                          "nonsense",
                          "2.5",
                          ","};
  for (const Operator* op : catalogue())
    for (std::string_view example : op->examples)
      for (const AttributeInfo& attribute : op->attributes)
        for (const char* value : values) {
          const std::string text = std::string(example) + ' ' + std::string(attribute.name) + '=' + value;
          try {
            const Cost c = cost(parse_layer(text));
            EXPECT_FALSE(std::isnan(c.macs + c.flops + c.special)) << text;
          } catch (const Error& e) {
            EXPECT_NE(e.kind(), ErrorKind::internal) << text;
          }
        }
}

}  // namespace
}  // namespace wattlayer
