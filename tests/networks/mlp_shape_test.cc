#include "wattlayer/networks/mlp_shape.h"

#include <gtest/gtest.h>

#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

using Widths = std::vector<int64_t>;

Widths widths(const char* shape, int64_t size, int64_t depth) { return mlp_widths({parse_mlp_shape(shape), 4, 1, size, depth}); }

TEST(MlpShape, RectanglesAreThoseOfButterE) {
  EXPECT_EQ(widths("rectangle", 32, 3), (Widths{3, 3, 1}));
  EXPECT_EQ(widths("rectangle", 512, 3), (Widths{19, 19, 1}));
  EXPECT_EQ(widths("rectangle_residual", 512, 3), (Widths{19, 19, 1}));
}

/// Parameters of a scale by hand: the shape's own formula at the width that came out.
TEST(MlpShape, EveryShapeFollowsItsFormula) {
  const Widths trapezoid = widths("trapezoid", 100000, 5);
  for (size_t k = 0; k + 1 < trapezoid.size(); ++k)
    EXPECT_NEAR(trapezoid[k], trapezoid[0] - static_cast<double>(k) * static_cast<double>(trapezoid[0] - 1) / 4, 1) << k;
  const Widths exponential = widths("exponential", 100000, 5);
  for (size_t k = 0; k + 1 < exponential.size(); ++k)
    EXPECT_NEAR(exponential[k],
                static_cast<double>(exponential[0]) * std::pow(1.0 / static_cast<double>(exponential[0]), k / 4.0), 1)
        << k;
  for (const int64_t times : {2, 4, 8, 16}) {
    const Widths wide = widths(("wide_first_" + std::to_string(times) + "x").c_str(), 100000, 5);
    for (size_t k = 1; k + 1 < wide.size(); ++k)
      EXPECT_NEAR(wide[k], static_cast<double>(wide[0]) / static_cast<double>(times), 1) << times << " " << k;
  }
}

TEST(MlpShape, SizesAreMetAsNearlyAsWholeWidthsCan) {
  for (const char* shape : {"rectangle", "trapezoid", "exponential", "wide_first_2x", "wide_first_4x", "wide_first_8x",
                            "wide_first_16x", "rectangle_residual"})
    for (int64_t size = 1024; size <= int64_t{1} << 25; size *= 4)
      for (const int64_t depth : {2, 3, 5, 9, 20}) {
        const Widths w = widths(shape, size, depth);
        ASSERT_EQ(static_cast<int64_t>(w.size()), depth);
        EXPECT_EQ(w.back(), 1);
        // One more unit in every hidden layer is the coarsest step that a shape can take.
        Widths more = w;
        for (size_t k = 0; k + 1 < more.size(); ++k) ++more[k];
        const double step = mlp_parameters(4, more) - mlp_parameters(4, w);
        EXPECT_LE(std::abs(mlp_parameters(4, w) - static_cast<double>(size)), step) << shape << " " << size << " " << depth;
      }
}

TEST(MlpShape, SizesThatNoWidthReachesTakeTheNearest) { EXPECT_EQ(widths("rectangle", 1, 20), Widths(20, 1)); }

TEST(MlpShape, MakesANetworkOfThoseWidths) {
  const Graph graph = network("mlp?features=4&outputs=1&shape=rectangle&parameters=512&depth=3&batch=256");
  EXPECT_EQ(graph.name, "mlp_4_19_19_1");
  EXPECT_EQ(parameters(graph), 495);
  const Graph large = network("mlp?features=14&shape=wide_first_4x&parameters=16777216&depth=18");
  EXPECT_NEAR(parameters(large) / 16777216, 1, 0.001);
  const Graph residual = network("mlp?features=4&outputs=1&shape=rectangle_residual&parameters=512&depth=3");
  EXPECT_EQ(residual.nodes.size(), graph.nodes.size() + 1) << "the second layer alone has inputs as wide as its outputs";
  EXPECT_THROW(network("mlp?parameters=many"), Error);
  EXPECT_THROW(network("mlp_4_1?shape=rectangle"), Error);
}

TEST(MlpShape, RefusesWhatIsNoShape) {
  EXPECT_THROW(parse_mlp_shape("circle"), Error);
  EXPECT_THROW(parse_mlp_shape("wide_first_x"), Error);
  EXPECT_THROW(parse_mlp_shape("wide_first_0x"), Error);
  EXPECT_THROW(widths("rectangle", 10, 1), Error);
  EXPECT_THROW(widths("rectangle", 0, 2), Error);
}

}  // namespace
}  // namespace wattlayer
