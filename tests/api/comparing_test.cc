#include "wattlayer/api/comparing.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

TEST(Comparing, AccuraciesByNetwork) {
  const auto all = parse_accuracies({"a.onnx=76.1", "net:mobilenet_v1?width=0.5=63.7"});
  EXPECT_EQ(all.at("a.onnx"), 76.1);
  EXPECT_EQ(all.at("net:mobilenet_v1?width=0.5"), 63.7);
  for (const char* wrong : {"", "a.onnx", "=70", "a.onnx=", "a.onnx=nan", "a.onnx=-1", "a.onnx=inf", "a.onnx=70%"})
    EXPECT_THROW(parse_accuracies({wrong}), Error) << wrong;
  EXPECT_THROW(parse_accuracies({"a=1", "a=2"}), Error);
}

TEST(Comparing, WhatShipsWasMeasured) {
  const PairedErrors errors = paired_errors(DataFiles());
  EXPECT_TRUE(errors.measured[static_cast<size_t>(Relation::other_network)]);
  EXPECT_FALSE(errors.energy_models.empty());
  EXPECT_NE(errors.card.find("coverage90"), std::string::npos);
}

}  // namespace
}  // namespace wattlayer
