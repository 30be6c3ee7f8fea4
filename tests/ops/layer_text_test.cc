#include "wattlayer/ops/layer_text.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

TEST(LayerText, PrintsOnlyWhatDiffersFromTheDefault) {
  EXPECT_EQ(print(parse_layer("Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1 strides=1,1")),
            "Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1 dtype=f32");
}

TEST(LayerText, InfersOutputs) {
  EXPECT_EQ(parse_layer("Conv 1x3x224x224 64x3x7x7 pads=3,3,3,3 strides=2,2").output(0).shape, (Shape{1, 64, 112, 112}));
}

TEST(LayerText, UnknownOperatorKeepsItsOutputs) {
  const std::string text = "my.domain.Thing 1x64 i64:8 alpha=0.5 dtype=f16 -> 1x32";
  EXPECT_EQ(print(parse_layer(text)), text);
}

TEST(LayerText, RefusesNonsense) {
  for (const char* text :
       {"", "Conv 1xax3", "Conv 1x64x56x56 64x32x3x3", "Relu 1x2 =3", "Relu 1x2 dtype=f31", "Relu [1,2", "Relu -1x2"})
    EXPECT_THROW(parse_layer(text), Error) << text;
}

TEST(LayerText, AMisspeltAttributeIsRefusedWithTheRightOne) {
  try {
    parse_layer("Conv 1x3x8x8 4x3x3x3 stride=2,2");
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("Conv has no attribute 'stride'; did you mean strides?"), std::string::npos) << e.what();
  }
  EXPECT_THROW(parse_layer("Relu 1x8 dtyp=f16"), Error);
  EXPECT_NO_THROW(parse_layer("Clip 1x8 min=0.0 max=6.0"));  // of older opsets
}

}  // namespace
}  // namespace wattlayer
