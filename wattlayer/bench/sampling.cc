#include "wattlayer/bench/sampling.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

constexpr int most_draws = 2000;  ///< in vain, before a range counts as exhausted

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Calls `take` with each part of a text between separators.
template <class Take>
void split(std::string_view text, char separator, Take&& take) {
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(separator, start), text.size());
    take(trimmed(text.substr(start, end - start)));
    start = end + 1;
  }
}

int64_t value_of(std::string_view word, const Letters& letters) {
  int64_t number = 0;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (status == std::errc() && end == word.data() + word.size()) return number;
  if (word.empty())
    throw Error(ErrorKind::invalid_input, "expected a letter or a number on each side of an operator, found nothing");
  const auto letter = letters.find(std::string(word));
  if (letter != letters.end()) return letter->second;
  std::vector<std::string> known;
  for (const auto& [name, value] : letters) known.push_back(name);
  throw Error(ErrorKind::invalid_input, fmt::format("'{}' has no range{}", word, nearest(word, known)));
}

/// Sum of products of letters and numbers: `s + 2*p`.
int64_t evaluate(std::string_view text, const Letters& letters) {
  int64_t sum = 0;
  split(text, '+', [&](std::string_view term) {
    int64_t product = 1;
    split(term, '*', [&](std::string_view factor) { product *= value_of(factor, letters); });
    sum += product;
  });
  return sum;
}

bool holds(const std::string& condition, const Letters& letters) {
  for (const std::string_view comparison : {"<=", ">=", "<", ">"}) {
    const size_t at = condition.find(comparison);
    if (at == condition.npos) continue;
    const int64_t left = evaluate(std::string_view(condition).substr(0, at), letters);
    const int64_t right = evaluate(std::string_view(condition).substr(at + comparison.size()), letters);
    return comparison == "<="   ? left <= right
           : comparison == ">=" ? left >= right
           : comparison == "<"  ? left < right
                                : left > right;
  }
  throw Error(ErrorKind::invalid_input, fmt::format("condition '{}': expected a comparison such as k <= s + 2*p", condition));
}

std::string fill(const std::string& text, const Letters& letters) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t open = std::min(text.find('{', at), text.size());
    out += text.substr(at, open - at);
    if (open == text.size()) break;
    const size_t close = text.find('}', open);
    if (close == text.npos) throw Error(ErrorKind::invalid_input, fmt::format("'{}': a brace is not closed", text));
    out += std::to_string(evaluate(std::string_view(text).substr(open + 1, close - open - 1), letters));
    at = close + 1;
  }
  return out;
}

void require_sizes(const Layer& layer) {
  if (!find_operator(layer.op)) throw Error(ErrorKind::invalid_input, fmt::format("operator '{}' is unknown", layer.op));
  for (const auto* tensors : {&layer.inputs, &layer.outputs})
    for (const Tensor& t : *tensors)
      if (t.present && (!t.known || std::any_of(t.shape.begin(), t.shape.end(), [](int64_t size) { return size < 1; })))
        throw Error(ErrorKind::invalid_input, "an input or output has no elements");
}

double all_bytes(const Layer& layer) {
  double bytes = 0;
  for (const auto* tensors : {&layer.inputs, &layer.outputs})
    for (const Tensor& t : *tensors) bytes += t.bytes();
  return bytes;
}

}  // namespace

Sampler::Sampler(const RandomRule& rule, uint64_t seed) : rule_(rule), random_(seed) {
  Letters letters;
  for (const SampleRange& range : rule.ranges) letters[range.name] = range.choices.empty() ? range.low : range.choices[0];
  fill(rule.layer, letters);
  meets_conditions(letters);
  for (const SampleRange& range : rule.ranges) {
    Letters others = letters;
    others.erase(range.name);
    if (are_enough(others))
      throw Error(ErrorKind::invalid_input, fmt::format("range '{}' is used neither in the layer nor in where", range.name));
  }
}

bool Sampler::are_enough(const Letters& letters) const try {
  fill(rule_.layer, letters);
  for (const std::string& condition : rule_.where) holds(condition, letters);
  return true;
} catch (const Error&) {
  return false;
}

double Sampler::uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

int64_t Sampler::draw(const SampleRange& range) {
  if (!range.choices.empty()) return range.choices[static_cast<size_t>(uniform() * static_cast<double>(range.choices.size()))];
  const double low = static_cast<double>(range.low), high = static_cast<double>(range.high), u = uniform();
  const double step = static_cast<double>(range.multiple);
  if (!range.logarithmic) return range.low + range.multiple * static_cast<int64_t>(u * ((high - low) / step + 1));
  const double value = low * std::exp(u * std::log(high / low));
  return std::clamp(static_cast<int64_t>(std::round(value / step)) * range.multiple, range.low, range.high);
}

int64_t Sampler::draw_near(const SampleRange& range, int64_t value) {
  const double shift = (uniform() - 0.5) / 2;  // a quarter of the range to either side
  if (!range.choices.empty()) return uniform() < 0.5 ? value : draw(range);
  const double low = static_cast<double>(range.low), high = static_cast<double>(range.high), old = static_cast<double>(value);
  const double moved = range.logarithmic ? old * std::pow(high / low, shift) : old + shift * (high - low);
  const auto steps = static_cast<int64_t>(std::round(moved / static_cast<double>(range.multiple)));
  return std::clamp(steps * range.multiple, range.low, range.high);
}

bool Sampler::meets_conditions(const Letters& letters) const {
  return std::all_of(rule_.where.begin(), rule_.where.end(), [&](const std::string& c) { return holds(c, letters); });
}

std::optional<Sample> Sampler::at(const Letters& letters) {
  if (!meets_conditions(letters)) {
    fault_ = "no draw meets the conditions";
    return std::nullopt;
  }
  Sample sample{.letters = letters};
  try {
    sample.layer = parse_layer(fill(rule_.layer, letters));
    require_sizes(sample.layer);
  } catch (const Error& e) {
    fault_ = e.what();
    return std::nullopt;
  }
  const bool too_large = (rule_.most_macs && cost(sample.layer).macs > *rule_.most_macs) ||
                         (rule_.most_bytes && all_bytes(sample.layer) > *rule_.most_bytes);
  if (too_large) {
    fault_ = "every draw is beyond most_macs or most_bytes";
    return std::nullopt;
  }
  sample.text = print(sample.layer);
  return sample;
}

template <class Draw>
std::optional<Sample> Sampler::first_new(const Draw& draw) {
  for (int i = 0; i < most_draws; ++i) {
    Letters letters;
    for (const SampleRange& range : rule_.ranges) letters[range.name] = draw(range);
    std::optional<Sample> sample = at(letters);
    if (sample && drawn_.insert(sample->text).second) return sample;
  }
  return std::nullopt;
}

std::optional<Sample> Sampler::next() {
  std::optional<Sample> sample = first_new([&](const SampleRange& range) { return draw(range); });
  if (!sample && drawn_.empty())
    throw Error(ErrorKind::invalid_input, fmt::format("'{}': no legal layer in {} draws: {}", rule_.layer, most_draws, fault_));
  return sample;
}

std::optional<Sample> Sampler::near(const Letters& letters) {
  return first_new([&](const SampleRange& range) {
    const auto old = letters.find(range.name);
    return old == letters.end() ? draw(range) : draw_near(range, old->second);
  });
}

std::string print(const Letters& letters) {
  std::string text;
  for (const auto& [name, value] : letters) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

Letters parse_letters(const std::string& text) {
  Letters letters;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (equals != word.npos)
      std::from_chars(word.data() + equals + 1, word.data() + word.size(), letters[word.substr(0, equals)]);
  }
  return letters;
}

}  // namespace wattlayer
