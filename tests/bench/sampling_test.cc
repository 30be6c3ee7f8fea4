#include "wattlayer/bench/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

RandomRule conv_rule() {
  return {.layer = "Conv {b}x{c}x{s}x{s} {o}x{c}x{k}x{k} {o} pads={p},{p},{p},{p} strides={t},{t}",
          .ranges = {{.name = "b", .low = 1, .high = 256, .logarithmic = true},
                     {.name = "c", .low = 1, .high = 512, .logarithmic = true},
                     {.name = "o", .low = 8, .high = 512, .multiple = 8, .logarithmic = true},
                     {.name = "s", .low = 4, .high = 224},
                     {.name = "k", .choices = {1, 3, 5}},
                     {.name = "p", .low = 0, .high = 3},
                     {.name = "t", .low = 1, .high = 5}},
          .where = {"k <= s + 2*p", "p < k"}};
}

TEST(Sampling, DrawsLegalLayersEachOnce) {
  const RandomRule rule = conv_rule();
  Sampler sampler(rule, 7);
  std::set<std::string> texts;
  for (int i = 0; i < 500; ++i) {
    const auto sample = sampler.next();
    ASSERT_TRUE(sample);
    EXPECT_TRUE(texts.insert(sample->text).second) << sample->text;
    EXPECT_EQ(print(parse_layer(sample->text)), sample->text);
    EXPECT_LT(sample->letters.at("p"), sample->letters.at("k"));
    EXPECT_EQ(sample->letters.at("o") % 8, 0);
    for (const int64_t size : sample->layer.output(0).shape) EXPECT_GE(size, 1);
  }
}

TEST(Sampling, EqualSeedsGiveEqualLayersAndOthersDoNot) {
  const RandomRule rule = conv_rule();
  Sampler a(rule, 7), b(rule, 7), c(rule, 8);
  bool other = false;
  for (int i = 0; i < 50; ++i) {
    const std::string text = a.next()->text;
    EXPECT_EQ(text, b.next()->text);
    other = other || text != c.next()->text;
  }
  EXPECT_TRUE(other);
}

TEST(Sampling, LogarithmicRangesSpreadOverDecades) {
  const RandomRule rule{.layer = "Relu {n}", .ranges = {{.name = "n", .low = 1000, .high = 1000000000, .logarithmic = true}}};
  Sampler sampler(rule, 1);
  int below_million = 0;
  for (int i = 0; i < 1000; ++i) below_million += sampler.next()->letters.at("n") < 1000000;
  EXPECT_GT(below_million, 440);
  EXPECT_LT(below_million, 560);
}

TEST(Sampling, EndsWhenTheRangesAreExhausted) {
  const RandomRule rule{.layer = "Relu {n}x{m}",
                        .ranges = {{.name = "n", .low = 1, .high = 3}, {.name = "m", .choices = {8, 16}}}};
  Sampler sampler(rule, 1);
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(sampler.next());
  EXPECT_FALSE(sampler.next());
}

TEST(Sampling, LimitsAreKept) {
  RandomRule rule = conv_rule();
  rule.most_macs = 1e8;
  Sampler sampler(rule, 1);
  for (int i = 0; i < 50; ++i) EXPECT_LE(cost(sampler.next()->layer).macs, 1e8);
}

TEST(Sampling, NearStaysNear) {
  const RandomRule rule = conv_rule();
  Sampler sampler(rule, 3);
  const Letters centre = {{"b", 16}, {"c", 64}, {"o", 64}, {"s", 56}, {"k", 3}, {"p", 1}, {"t", 1}};
  for (int i = 0; i < 100; ++i) {
    const auto sample = sampler.near(centre);
    ASSERT_TRUE(sample);
    EXPECT_LE(std::abs(std::log(sample->letters.at("b") / 16.0)), std::log(256.0) / 4 + 0.1);
    EXPECT_LE(std::abs(sample->letters.at("s") - 56), 56);
    EXPECT_EQ(sample->letters.at("o") % 8, 0);
  }
}

TEST(Sampling, SaysWhatIsWrong) {
  RandomRule rule = conv_rule();
  rule.layer = "Conv {b}x{chanels}x8x8 4x3x3x3";
  EXPECT_THROW(Sampler(rule, 1), Error);
  rule = {.layer = "Conv {b}x3x8x8 4x5x3x3", .ranges = {{.name = "b", .low = 1, .high = 9}}};
  Sampler sampler(rule, 1);
  try {
    sampler.next();
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("no legal layer in"), std::string::npos) << e.what();
  }
}

TEST(Sampling, LettersGoToTextAndBack) {
  const Letters letters = {{"b", 4}, {"channels", 512}};
  EXPECT_EQ(print(letters), "b=4 channels=512");
  EXPECT_EQ(parse_letters(print(letters)), letters);
}

TEST(Sampler, ARangeThatNothingUsesIsRefused) {
  RandomRule rule{.layer = "Relu {n}", .ranges = {{.name = "n", .high = 9}, {.name = "m", .high = 9}}, .count = 1};
  EXPECT_THROW(Sampler(rule, 1), Error);
  rule.where = {"n <= m"};
  EXPECT_NO_THROW(Sampler(rule, 1));
}

}  // namespace
}  // namespace wattlayer
