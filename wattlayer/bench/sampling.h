#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "wattlayer/bench/campaign.h"
#include "wattlayer/core/layer.h"

namespace wattlayer {

/// Values of the letters of a template.
using Letters = std::map<std::string, int64_t>;

/// A layer that was drawn, and how.
struct Sample {
  Layer layer;
  std::string text;  ///< of the layer; no two samples of a sampler have the same
  Letters letters;
};

/// Draws legal layers of a rule, each once. Equal rules and seeds give equal layers on every machine.
class Sampler {
 public:
  /// Throws Error(invalid_input) for a template or condition that names an unknown letter.
  Sampler(const RandomRule& rule, uint64_t seed);

  /// The next layer; nothing when the ranges seem to hold no other. Throws Error(invalid_input) that says why when not one draw
  /// was legal.
  std::optional<Sample> next();

  /// A layer whose letters lie near these: each moves within a quarter of its range, about evenly in its scale.
  std::optional<Sample> near(const Letters& letters);

  /// A layer that is not to be drawn, in text form.
  void exclude(const std::string& text) { drawn_.insert(text); }

  /// The layer of these letters; nothing where it is illegal or beyond the rule's limits.
  std::optional<Sample> at(const Letters& letters);

 private:
  double uniform();
  int64_t draw(const SampleRange& range);
  int64_t draw_near(const SampleRange& range, int64_t value);
  bool meets_conditions(const Letters& letters) const;
  bool are_enough(const Letters& letters) const;
  template <class Draw>
  std::optional<Sample> first_new(const Draw& draw);

  const RandomRule& rule_;
  std::mt19937_64 random_;
  std::set<std::string> drawn_;
  std::string fault_;  ///< of the last illegal draw
};

/// `b=4 c=64`, and back.
std::string print(const Letters& letters);
Letters parse_letters(const std::string& text);

}  // namespace wattlayer
