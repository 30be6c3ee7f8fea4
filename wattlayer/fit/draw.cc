#include "wattlayer/fit/draw.h"

#include <fmt/format.h>

#include <algorithm>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/evaluation.h"

namespace wattlayer {

Draw draw(const Samples& samples, uint32_t seed) {
  if (samples.size() < 20)
    throw Error(ErrorKind::invalid_input,
                fmt::format("{} rows are too few to divide into 70/20/10 %; expected at least 20", samples.size()));
  const std::vector<size_t> order = drawn_order(samples.size(), seed);
  const auto share = [&](double of) { return static_cast<size_t>(of * static_cast<double>(order.size())); };
  const std::span<const size_t> all(order);
  Draw parts{.train = samples.only(all.first(share(0.7))),
             .validation = samples.only(all.subspan(share(0.7), share(0.9) - share(0.7))),
             .test = samples.only(all.subspan(share(0.9)))};
  const auto [least, most] = std::minmax_element(parts.train.targets.begin(), parts.train.targets.end());
  const double low = *least, range = *most - *least;
  if (range <= 0) throw Error(ErrorKind::invalid_input, "all rows have the same energy; there is nothing to fit");
  for (Samples* part : {&parts.train, &parts.validation, &parts.test})
    for (double& target : part->targets) target = (target - low) / range;
  return parts;
}

}  // namespace wattlayer
