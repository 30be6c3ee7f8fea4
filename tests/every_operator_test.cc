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

/// A layer that no sane network has: an Error or a cost that is a number, nothing else.
void expect_survival(const std::string& text) {
  try {
    const Cost c = cost(parse_layer(text));
    EXPECT_FALSE(std::isnan(c.macs + c.flops + c.special)) << text;
  } catch (const Error& e) {
    EXPECT_NE(e.kind(), ErrorKind::internal) << text;
  }
}

const char* const hostile_inputs[] = {"-",           "0",
                                      "scalar",      "9223372036854775807",
                                      "0x0x0x0",     "1x9223372036854775807x9223372036854775807x3",
                                      "1x1x1x1x1x1", "[9223372036854775807,-9223372036854775808]",
                                      "[-1]",        "?"};

TEST(EveryOperator, SurvivesHostileShapes) {
  for (const Operator* op : catalogue())
    for (const char* first : hostile_inputs)
      for (const char* second : hostile_inputs)
        for (const char* third : {"", "9223372036854775807x9223372036854775807", "0x0"})
          expect_survival(std::string(op->name) + ' ' + first + ' ' + second + ' ' + third);
}

/// An example with one word in place of an input.
TEST(EveryOperator, SurvivesOneHostileInput) {
  for (std::string_view example : all_examples())
    for (const char* hostile : hostile_inputs) {
      size_t start = example.find(' ');
      while (start != std::string_view::npos) {
        const size_t end = std::min(example.find(' ', start + 1), example.size());
        if (example.substr(start, end - start).find('=') != std::string_view::npos) break;
        expect_survival(std::string(example.substr(0, start + 1)) + hostile + std::string(example.substr(end)));
        start = end == example.size() ? std::string_view::npos : end;
      }
    }
}

/// Outputs that the text gives let a layer pass whose inputs contradict the operator: its cost must still not read beyond them.
TEST(EveryOperator, CostsLayersWhoseShapesContradict) {
  for (const Operator* op : catalogue())
    for (const char* inputs : {"", " 3", " 1x2 3x4x5", " scalar scalar scalar scalar", " 2x2x2 2x2x2 2x2x2 2x2x2 2x2x2"})
      for (const char* outputs : {" -> 1x2", " -> 1x2 3 4", " -> scalar"})
        expect_survival(std::string(op->name) + inputs + outputs);
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
        for (const char* value : values) expect_survival(std::string(example) + ' ' + std::string(attribute.name) + '=' + value);
}

}  // namespace
}  // namespace wattlayer
