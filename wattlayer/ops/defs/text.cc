#include <algorithm>

#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Strings, and the tables of classic machine learning around networks. A string counts as one pointer and one operation.
namespace wattlayer {
namespace {

using rules::require;

/// Stop words are dropped, so the number of strings is a bound.
void normalizer_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  rules::require_rank(layer, 0, 1, 2);
  rules::set_output(layer, 0, layer.input(0).shape, DataType::string);
  if (layer.attributes.has("stopwords")) layer.outputs[0].bounded = true;
}

void concat_shapes(Layer& layer) {
  if (rules::inputs_known(layer, 2)) rules::set_output(layer, 0, rules::broadcast_inputs(layer), DataType::string);
}

void match_shapes(Layer& layer) {
  if (rules::inputs_known(layer, 1)) rules::set_output(layer, 0, layer.input(0).shape, DataType::boolean);
}

/// How many parts there are depends on the text; only with a maxsplit is there a bound.
void split_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Shape& x = layer.input(0).shape;
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, x, DataType::i64);
  const Attribute* most = layer.attributes.find("maxsplit");
  if (!most) {
    layer.outputs[0].known = false;
    return;
  }
  Shape out = x;
  out.push_back(rules::sum(std::max<int64_t>(0, layer.attributes.integer("maxsplit", 0)), 1));
  rules::set_output(layer, 0, std::move(out), DataType::string);
  layer.outputs[0].bounded = true;
}

/// One count an n-gram of the vocabulary: as many as the largest index says.
void tf_idf_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  rules::require_rank(layer, 0, 1, 2);
  const auto indexes = layer.attributes.integers("ngram_indexes");
  require(!indexes.empty(), layer, "expected the attribute 'ngram_indexes'");
  const int64_t largest = *std::max_element(indexes.begin(), indexes.end());
  require(largest >= 0, layer, "expected ngram_indexes of 0 or more, found " + std::to_string(largest));
  Shape out = layer.input(0).shape;
  out.back() = rules::sum(largest, 1);
  rules::set_output(layer, 0, std::move(out), DataType::f32);
}

/// The type is that of the attribute that lists the values.
void label_encoder_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  DataType dtype = layer.input(0).dtype == DataType::string ? DataType::i64 : DataType::string;
  if (layer.attributes.has("values_floats")) dtype = DataType::f32;
  if (layer.attributes.has("values_int64s")) dtype = DataType::i64;
  if (layer.attributes.has("values_strings")) dtype = DataType::string;
  rules::set_output(layer, 0, layer.input(0).shape, rules::type_attribute(layer, "values_tensor_dtype", dtype));
}

void real_shapes(Layer& layer) {
  if (rules::inputs_known(layer, 1)) rules::set_output(layer, 0, layer.input(0).shape, DataType::f32);
}

void extractor_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::require_rank(layer, 0, 1);
  Shape out = layer.input(0).shape;
  if (out.size() == 1) out = {1, out[0]};
  out.back() = rules::product(layer.input(1).shape);
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

Operator block(std::string_view name, Family family, std::string_view summary, void (*shapes)(Layer&), Cost (*cost)(const Layer&),
               std::vector<AttributeInfo> attributes, std::string_view example) {
  return {.name = name,
          .family = family,
          .summary = summary,
          .shapes = shapes,
          .cost = cost,
          .attributes = std::move(attributes),
          .examples = {example}};
}

}  // namespace

const std::vector<Operator>& text_operators() {
  constexpr auto one = rules::per_element<1>;
  constexpr auto two = rules::per_element<2>;
  constexpr auto special = rules::per_element<2, 1>;
  static const std::vector<Operator> operators = {
      block("StringNormalizer", Family::sequence, "letter case and stop words; one operation a string", normalizer_shapes, one,
            {{"stopwords"}}, "StringNormalizer string:8"),
      block("StringConcat", Family::sequence, "joins strings with broadcasting; one operation an output string", concat_shapes,
            one, {}, "StringConcat string:8 string:1"),
      block("StringSplit", Family::sequence, "parts of strings; one operation an output string", split_shapes, one,
            {{"maxsplit"}}, "StringSplit string:8 maxsplit=3 outputs=1,1"),
      block("RegexFullMatch", Family::sequence, "whether strings match a pattern; one operation a string", match_shapes, one, {},
            "RegexFullMatch string:8"),
      block("TfIdfVectorizer", Family::sequence, "counts of n-grams; one operation an output element", tf_idf_shapes, one,
            {{"ngram_indexes"}}, "TfIdfVectorizer i64:12 ngram_indexes=0,1,2"),
      block("ai.onnx.ml.LabelEncoder", Family::embedding, "looks labels up in a table; one operation an element",
            label_encoder_shapes, one, {{"values_floats"}, {"values_int64s"}, {"values_strings"}, {"values_tensor_dtype"}},
            "ai.onnx.ml.LabelEncoder string:8 values_int64s=1,2,3"),
      block("ai.onnx.ml.ArrayFeatureExtractor", Family::embedding, "picks columns; one operation an output element",
            extractor_shapes, one, {}, "ai.onnx.ml.ArrayFeatureExtractor 4x10 i64:3"),
      block("ai.onnx.ml.Binarizer", Family::elementwise, "x > threshold; one FLOP an element", rules::same_as_input, one, {},
            "ai.onnx.ml.Binarizer 4x10"),
      block("ai.onnx.ml.Imputer", Family::elementwise, "replaces missing values; one FLOP an element", rules::same_as_input, one,
            {}, "ai.onnx.ml.Imputer 4x10"),
      block("ai.onnx.ml.Scaler", Family::elementwise, "(x - offset) * scale; two FLOPs an element", real_shapes, two, {},
            "ai.onnx.ml.Scaler 4x10"),
      block("ai.onnx.ml.Normalizer", Family::elementwise, "divides rows by their norm; two FLOPs and a division an element",
            real_shapes, special, {}, "ai.onnx.ml.Normalizer 4x10"),
  };
  return operators;
}

}  // namespace wattlayer
