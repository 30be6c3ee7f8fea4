#include "wattlayer/training/mlp_training.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_mlp_training(text);
  } catch (const Error& e) {
    return e.what();
  }
  return "taken";
}

TEST(MlpTraining, ReadsWidths) {
  const MlpTraining t = parse_mlp_training("features=784 widths=512,512,10 batch=128 samples=70000 epochs=30 test_share=0.1");
  EXPECT_EQ(t.features, 784);
  EXPECT_EQ(t.widths, (std::vector<int64_t>{512, 512, 10}));
  EXPECT_EQ(t.parameters(), 785 * 512 + 513 * 512 + 513 * 10);
  EXPECT_EQ(t.training_batches(), 493);  // 63000 / 128 = 492.2
  EXPECT_EQ(t.test_batches(), 55);
  EXPECT_EQ(print(parse_mlp_training(print(t))), print(t));
}

TEST(MlpTraining, ReadsAShape) {
  const MlpTraining t = parse_mlp_training("features=4 outputs=1 shape=rectangle size=256 depth=3 samples=3848 epochs=3000");
  EXPECT_EQ(t.widths, (std::vector<int64_t>{13, 13, 1}));
  EXPECT_EQ(t.batch, 256);
}

TEST(MlpTraining, SaysWhatIsWrong) {
  EXPECT_NE(refusal("widths=3,1 samples=10").find("features is missing"), std::string::npos);
  EXPECT_NE(refusal("features=2 samples=10").find("shape is missing"), std::string::npos);
  EXPECT_NE(refusal("features=2 widths=3,1").find("samples is missing"), std::string::npos);
  EXPECT_NE(refusal("features=2 widths=3,,1 samples=10").find("widths: expected a whole number above 0, found ''"),
            std::string::npos);
  EXPECT_NE(refusal("features=-2 widths=3,1 samples=10").find("found '-2'"), std::string::npos);
  EXPECT_NE(refusal("features=2 widths=3,1 samples=10 epochs=1e3").find("found '1e3'"), std::string::npos);
  EXPECT_NE(refusal("features=2 widths=3,1 samples=10 test_share=1").find("from 0 to below 1"), std::string::npos);
  EXPECT_NE(refusal("features=2 widths=3,1 depth=2 samples=10").find("leave depth out"), std::string::npos);
  EXPECT_NE(refusal("features=2 features=3 widths=3,1 samples=10").find("given twice"), std::string::npos);
  EXPECT_NE(refusal("colour=red").find("NAME=VALUE"), std::string::npos);
  EXPECT_NE(refusal("features=2 outputs=1 shape=round size=64 depth=3 samples=10").find("mlp: shape: expected rectangle"),
            std::string::npos);
  EXPECT_NE(refusal("features=2 outputs=1 shape=rectangle size=64 depth=1 samples=10").find("mlp: depth: expected 2"),
            std::string::npos);
}

}  // namespace
}  // namespace wattlayer
