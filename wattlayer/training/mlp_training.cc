#include "wattlayer/training/mlp_training.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"

namespace wattlayer {
namespace {

constexpr int64_t most = 1'000'000'000'000;

/// The words of a text, `name=value` each.
class Words {
 public:
  explicit Words(std::string_view text) {
    static constexpr std::string_view known[] = {"features", "widths", "outputs", "shape",  "size",
                                                 "depth",    "batch",  "samples", "epochs", "test_share"};
    for (size_t at = 0; (at = text.find_first_not_of(" \t\n;&", at)) != text.npos;) {
      const size_t end = std::min(text.find_first_of(" \t\n;&", at), text.size());
      const std::string_view word = text.substr(at, end - at);
      const size_t equals = word.find('=');
      const std::string name(word.substr(0, equals));
      if (equals == word.npos || std::find(std::begin(known), std::end(known), name) == std::end(known))
        throw Error(ErrorKind::invalid_input,
                    fmt::format("mlp: expected words NAME=VALUE with the names {}, found '{}'", fmt::join(known, ", "), word));
      if (!values_.emplace(name, word.substr(equals + 1)).second)
        throw Error(ErrorKind::invalid_input, fmt::format("mlp: '{}' is given twice; leave one out", name));
      at = end;
    }
  }

  bool has(const std::string& name) const { return values_.contains(name); }

  std::string text(const std::string& name) const {
    const auto at = values_.find(name);
    if (at == values_.end())
      throw Error(ErrorKind::invalid_input,
                  fmt::format("mlp: {0} is missing; add {0}=..., as in `features=784 widths=512,512,10 batch=256 samples=70000 "
                              "epochs=3000` or `features=784 outputs=10 shape=rectangle size=65536 depth=4 samples=70000`",
                              name));
    return at->second;
  }

  int64_t integer(const std::string& name) const { return positive(name, text(name)); }
  int64_t integer(const std::string& name, int64_t otherwise) const { return has(name) ? integer(name) : otherwise; }

  std::vector<int64_t> integers(const std::string& name) const {
    const std::string list = text(name);
    std::vector<int64_t> result;
    for (size_t at = 0; at <= list.size();) {
      const size_t end = std::min(list.find(',', at), list.size());
      result.push_back(positive(name, list.substr(at, end - at)));
      at = end + 1;
    }
    return result;
  }

  double share(const std::string& name, double otherwise) const {
    if (!has(name)) return otherwise;
    const std::string value = text(name);
    const std::optional<double> share = real_of(value);
    if (!share || !(*share >= 0 && *share < 1))
      throw Error(ErrorKind::invalid_input, fmt::format("mlp: {}: expected a number from 0 to below 1, found '{}'", name, value));
    return *share;
  }

 private:
  static int64_t positive(const std::string& name, const std::string& value) {
    const std::optional<int64_t> number = whole_of(value);
    if (!number || *number < 1 || *number > most)
      throw Error(ErrorKind::invalid_input, fmt::format("mlp: {}: expected a whole number above 0, found '{}'", name, value));
    return *number;
  }

  std::map<std::string, std::string, std::less<>> values_;
};

std::vector<int64_t> read_widths(const Words& words, int64_t features) {
  if (words.has("widths")) {
    for (const char* other : {"outputs", "shape", "size", "depth"})
      if (words.has(other))
        throw Error(
            ErrorKind::invalid_input,
            fmt::format("mlp: widths say everything; leave {} out, or widths with outputs, shape, size and depth", other));
    return words.integers("widths");
  }
  try {
    return mlp_widths({parse_mlp_shape(words.text("shape")), features, words.integer("outputs"), words.integer("size"),
                       words.integer("depth")});
  } catch (const Error& e) {
    throw std::string_view(e.what()).starts_with("mlp:") ? e : e.within("mlp");
  }
}

}  // namespace

double MlpTraining::training_batches() const {
  return std::ceil((1 - test_share) * static_cast<double>(samples) / static_cast<double>(batch));
}

double MlpTraining::test_batches() const {
  return std::ceil(test_share * static_cast<double>(samples) / static_cast<double>(batch));
}

double MlpTraining::forward_operations() const { return static_cast<double>(batch) * parameters(); }

double MlpTraining::backward_operations() const {
  const auto b = static_cast<double>(batch);
  double sum = 0;
  for (size_t l = 0; l < widths.size(); ++l) {
    const auto width = static_cast<double>(widths[l]);
    const double weights = width * static_cast<double>(l ? widths[l - 1] : features);
    sum += 2 * width + weights + (l ? weights : 0);
  }
  return b * sum + parameters() * (1 + b);
}

TrainingPasses passes(const MlpTraining& training) {
  const auto epochs = static_cast<double>(training.epochs);
  return {epochs * (training.training_batches() + training.test_batches()), epochs * training.training_batches()};
}

MlpTraining parse_mlp_training(std::string_view text) {
  const Words words(text);
  MlpTraining training;
  training.features = words.integer("features");
  training.widths = read_widths(words, training.features);
  training.batch = words.integer("batch", training.batch);
  training.samples = words.integer("samples");
  training.epochs = words.integer("epochs", training.epochs);
  training.test_share = words.share("test_share", training.test_share);
  return training;
}

std::string print(const MlpTraining& t) {
  return fmt::format("features={} widths={} batch={} samples={} epochs={} test_share={}", t.features, fmt::join(t.widths, ","),
                     t.batch, t.samples, t.epochs, t.test_share);
}

}  // namespace wattlayer
