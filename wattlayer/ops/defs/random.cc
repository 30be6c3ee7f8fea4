#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Random numbers. Their values are never folded.
namespace wattlayer {
namespace {

using rules::require;

void name_dtype(Layer& layer, int) { rules::name_type(layer, "dtype"); }

void shape_shapes(Layer& layer) {
  Shape out = layer.attributes.integers("shape");
  require(layer.attributes.has("shape"), layer, "expected the attribute 'shape'");
  for (int64_t d : out) require(d >= 0, layer, "expected dimensions of 0 or more, found " + rules::text(out));
  rules::set_output(layer, 0, std::move(out), rules::type_attribute(layer, "to", DataType::f32));
}

void like_shapes(Layer& layer) {
  if (rules::inputs_known(layer, 1))
    rules::set_output(layer, 0, layer.input(0).shape, rules::type_attribute(layer, "to", layer.input(0).dtype));
}

void multinomial_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  rules::require_rank(layer, 0, 2, 2);
  const int64_t samples = layer.attributes.integer("sample_size", 1);
  require(samples >= 0, layer, "expected a sample_size of 0 or more, found " + std::to_string(samples));
  rules::set_output(layer, 0, {layer.input(0).shape[0], samples}, rules::type_attribute(layer, "to", DataType::i32));
}

/// Ten operations are a counter-based generator's (Philox 4x32-10) work on one number.
Cost uniform_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 0);
  c.flops = 10 * c.output_elements;
  return c;
}

/// Box-Muller: a logarithm, a root and a sine or cosine a number.
Cost normal_cost(const Layer& layer) {
  Cost c = uniform_cost(layer);
  c.special = 3 * c.output_elements;
  return c;
}

Cost bernoulli_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  c.flops = 11 * c.output_elements;
  return c;
}

/// Exponentials and running sums of the input, then a search for each sample.
Cost multinomial_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  c.flops = layer.input(0).elements() + c.output_elements * (10 + rules::dim(layer.input(0), 1));
  c.special = layer.input(0).elements();
  return c;
}

}  // namespace

const std::vector<Operator>& random_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "RandomNormal",
          .family = Family::elementwise,
          .summary = "normal random numbers; ten FLOPs and three special functions an element",
          .shapes = shape_shapes,
          .cost = normal_cost,
          .normalize = name_dtype,
          .attributes = {{"shape"}, {"to", "f32"}},
          .examples = {"RandomNormal shape=1,64"},
      },
      {
          .name = "RandomNormalLike",
          .family = Family::elementwise,
          .summary = "normal random numbers in the input's shape; ten FLOPs and three special functions an element",
          .shapes = like_shapes,
          .cost = normal_cost,
          .normalize = name_dtype,
          .attributes = {{"to"}},
          .run = {"aten::randn_like", {{.parameter = "self"}}},
          .examples = {"RandomNormalLike 1x64"},
      },
      {
          .name = "RandomUniform",
          .family = Family::elementwise,
          .summary = "uniform random numbers; ten FLOPs an element",
          .shapes = shape_shapes,
          .cost = uniform_cost,
          .normalize = name_dtype,
          .attributes = {{"shape"}, {"to", "f32"}},
          .examples = {"RandomUniform shape=1,64"},
      },
      {
          .name = "RandomUniformLike",
          .family = Family::elementwise,
          .summary = "uniform random numbers in the input's shape; ten FLOPs an element",
          .shapes = like_shapes,
          .cost = uniform_cost,
          .normalize = name_dtype,
          .attributes = {{"to"}},
          .run = {"aten::rand_like", {{.parameter = "self"}}},
          .examples = {"RandomUniformLike 1x64"},
      },
      {
          .name = "Bernoulli",
          .family = Family::elementwise,
          .summary = "ones with the probability that the input gives; eleven FLOPs an element",
          .shapes = like_shapes,
          .cost = bernoulli_cost,
          .normalize = name_dtype,
          .attributes = {{"to"}},
          .run = {"aten::bernoulli", {{.parameter = "self"}}},
          .examples = {"Bernoulli 1x64"},
      },
      {
          .name = "Multinomial",
          .family = Family::elementwise,
          .summary =
              "class numbers drawn by log-probabilities; an exponential a class, ten FLOPs and a search of the classes a sample",
          .shapes = multinomial_shapes,
          .cost = multinomial_cost,
          .normalize = name_dtype,
          .attributes = {{"sample_size", "1"}, {"to", "i32"}},
          .examples = {"Multinomial 1x1000 sample_size=8"},
      },
  };
  return operators;
}

}  // namespace wattlayer
