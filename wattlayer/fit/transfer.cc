#include "wattlayer/fit/transfer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/calibration.h"
#include "wattlayer/fit/reduction.h"
#include "wattlayer/fit/repeats.h"
#include "wattlayer/fit/rows.h"

namespace wattlayer {
namespace {

/// Half widths: what devices differ by, and less of it with each row of the device's own.
void calibrate_from(const DevicePrior& prior, size_t own_rows, PhysicsModel& model) {
  const double share = 1 / (1 + static_cast<double>(own_rows) / 2);
  const auto between = [&](double within, double without_rows) {
    return std::sqrt(within * within + std::max(0.0, without_rows * without_rows - within * within) * share);
  };
  const double energy = between(prior.energy_within, prior.energy_width), time = between(prior.time_within, prior.time_width);
  model.layer_calibration =
      model.network_calibration = {{.energy = energy, .time = time, .power = energy}, prior.rows, prior.devices};
}

/// Rows with the device that they name, so many of each.
std::vector<const Measurement*> evenly_by_device(TrainingRows rows, size_t most) {
  std::map<std::pair<std::string, std::string>, std::vector<const Measurement*>> devices;
  for (const Measurement* m : rows)
    if (usable(*m)) devices[{m->hardware, m->engine}].push_back(m);
  std::vector<const Measurement*> kept;
  for (const auto& [device, own] : devices) {
    const auto some = thinned(own, most);
    kept.insert(kept.end(), some.begin(), some.end());
  }
  return kept;
}

/// 90 % quantile of |log error| over rows, energy first.
std::pair<double, double> widths(const std::vector<double>& energy, const std::vector<double>& time) {
  const auto of = [](const std::vector<double>& errors) { return errors.size() < 10 ? 0.7 : conformal_quantile(errors); };
  return {of(energy), of(time)};
}

/// The same for rows of devices left out: of each device its own, then of the devices. Another device is one more draw of
/// devices, not of rows: with fewer than nineteen of them it is the widest.
class BetweenDevices {
 public:
  void add(const std::vector<double>& energy, const std::vector<double>& time) {
    if (!energy.empty()) energy_.push_back(conformal_quantile(energy));
    if (!time.empty()) time_.push_back(conformal_quantile(time));
  }
  std::pair<double, double> widths() const {
    const auto of = [](const std::vector<double>& devices) { return devices.empty() ? 0.7 : conformal_quantile(devices); };
    return {of(energy_), of(time_)};
  }

 private:
  std::vector<double> energy_, time_;
};

DevicePrior fit_jointly(TrainingRows rows, const Target& target, double norm, int iterations) {
  Reduced reduced = reduce(rows, target, nullptr);
  const PhysicsParameters parameters(reduced.rows, reduced.groups, reduced.devices);
  const std::vector<double> x = solve(PhysicsProblem(reduced.rows, parameters, norm), parameters, iterations);
  DevicePrior prior = parameters.prior(x.data(), reduced.groups, norm);
  std::vector<double> residuals(PhysicsProblem(reduced.rows, parameters, norm).residuals());
  prior.rows = reduced.rows.size(), prior.devices = reduced.devices.size();
  std::vector<double> energy, time;
  for (const Measurement* m : rows) {
    const auto [hardware, engine] = described(*m, target);
    const auto at = std::find_if(reduced.devices.begin(), reduced.devices.end(),
                                 [h = hardware](const FitDevice& d) { return d.hardware == h; });
    const PhysicsModel model =
        parameters.model(x.data(), reduced.groups, norm, static_cast<size_t>(at - reduced.devices.begin()));
    const auto predicted = price(model, *m, *hardware, *engine);
    if (has_measured_energy(*m)) energy.push_back(std::abs(std::log(*m->energy_j / predicted.energy_j)));
    if (m->time_s) time.push_back(std::abs(std::log(*m->time_s / predicted.time_s)));
  }
  std::tie(prior.energy_within, prior.time_within) = widths(energy, time);
  return prior;
}

}  // namespace

DevicePrior learn_prior(TrainingRows rows, const Target& target, const PriorOptions& options) {
  const AveragedRepeats configurations(rows);
  const auto kept = evenly_by_device(configurations.rows(), options.rows_of_a_device);
  if (kept.size() < 5)
    throw Error(ErrorKind::invalid_input,
                "cannot learn from other devices: expected at least 5 usable rows, found " + std::to_string(kept.size()));
  DevicePrior prior = fit_jointly(kept, target, options.norm, options.iterations);
  std::set<std::string> devices;
  for (const Measurement* m : kept) devices.insert(m->hardware);
  BetweenDevices between;
  const size_t step = options.most_left_out ? (devices.size() + options.most_left_out - 1) / options.most_left_out : 0;
  size_t number = 0;
  if (step > 0 && devices.size() > 2)
    for (const std::string& device : devices) {
      if (number++ % step != 0) continue;
      std::vector<const Measurement*> others, own;
      for (const Measurement* m : kept) (m->hardware == device ? own : others).push_back(m);
      const DevicePrior without =
          fit_jointly(evenly_by_device(others, options.rows_of_a_device / 3), target, options.norm, options.iterations / 2);
      std::vector<double> energy, time;
      for (const Measurement* m : own) {
        const auto [hardware, engine] = described(*m, target);
        const Target left_out{*hardware, *engine, target.catalogue};
        const auto predicted = price(fit_law({}, left_out, without.norm, 0, 0, &without), *m, *hardware, *engine);
        if (has_measured_energy(*m)) energy.push_back(std::abs(std::log(*m->energy_j / predicted.energy_j)));
        if (m->time_s) time.push_back(std::abs(std::log(*m->time_s / predicted.time_s)));
      }
      between.add(energy, time);
    }
  std::tie(prior.energy_width, prior.time_width) = between.widths();
  return prior;
}

std::shared_ptr<const DevicePrior> LearnedPriors::of(TrainingRows others, const Target& target) {
  std::promise<std::shared_ptr<const DevicePrior>> promise;
  Learned known;
  {
    const std::lock_guard lock(looking_);
    const auto [at, is_new] = learned_.try_emplace({others.begin(), others.end()});
    if (is_new) at->second = promise.get_future().share();
    else known = at->second;
  }
  if (known.valid()) return known.get();
  try {
    const auto prior = std::make_shared<const DevicePrior>(learn_prior(others, target));
    promise.set_value(prior);
    return prior;
  } catch (...) {
    promise.set_exception(std::current_exception());
    throw;
  }
}

PhysicsFit fit_from_prior(TrainingRows rows, const Target& target, const DevicePrior& prior, const PhysicsFitOptions& options) {
  const AveragedRepeats configurations(rows);
  const auto& own = configurations.rows();
  PhysicsFit fit{.model = fit_law(own, target, prior.norm, options.most_rows, options.iterations, &prior)};
  calibrate_from(prior, own.size(), fit.model);
  return fit;
}

}  // namespace wattlayer
