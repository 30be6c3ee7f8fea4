#pragma once
#include <cmath>
#include <optional>

namespace wattlayer {

/// Sums over the layers of one pass, and what the pass itself adds. T: double, or a number that carries derivatives.
template <class T>
struct PassTerms {
  T device_s, energy_j, launch_s;   ///< of the layers; launch_s is the part of device_s that launches take
  T host_s;                         ///< of the host to issue all launches; 0 where they are not issued ahead
  T pass_s;                         ///< of a network besides its layers
  T static_w;                       ///< P0 at the operating point
  T correction, launch_correction;  ///< a and b, of networks
  bool is_network = false;
  std::optional<double> power_limit_w;
  double limit_norm = 8;  ///< p of the limit
};

template <class T>
struct PassTotals {
  T time_s, energy_j;
};

/// (a^p + b^p)^(1/p): the longer of two, softened.
template <class T>
T softened_longer(const T& a, const T& b, double p) {
  using std::pow;
  const bool first = a > b;
  const T& longer = first ? a : b;
  const T& shorter = first ? b : a;
  if (!(shorter > 0.0)) return longer;
  return longer * pow(1.0 + pow(shorter / longer, p), 1 / p);
}

/// T = (device^4 + host^4)^(1/4) + pass;  E = exp(a + b s) (sum E_l + P0 (T - device)), s: share of launches and waiting in T.
/// Above the board's limit clocks fall until power meets it: T = (T^p + (E_dynamic / (P_limit - P0))^p)^(1/p), p = 8.
template <class T>
PassTotals<T> pass_law(const PassTerms<T>& terms) {
  using std::exp;
  PassTotals<T> out{softened_longer(terms.device_s, terms.host_s, 4), terms.energy_j};
  if (terms.is_network) out.time_s = out.time_s + terms.pass_s;
  out.energy_j = out.energy_j + terms.static_w * (out.time_s - terms.device_s);
  if (terms.is_network) {
    const T share = (terms.launch_s + out.time_s - terms.pass_s - terms.device_s) / out.time_s;
    out.energy_j = out.energy_j * exp(terms.correction + terms.launch_correction * share);
  }
  if (!terms.power_limit_w) return out;
  const T dynamic = out.energy_j - terms.static_w * out.time_s;
  const T headroom = *terms.power_limit_w - terms.static_w;
  if (!(headroom > 0.0) || !(dynamic > 0.0)) return out;
  out.time_s = softened_longer(out.time_s, T(dynamic / headroom), terms.limit_norm);
  out.energy_j = dynamic + terms.static_w * out.time_s;
  return out;
}

}  // namespace wattlayer
