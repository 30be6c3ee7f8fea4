#include "wattlayer/predict/estimate.h"

namespace wattlayer {

// Weak until predict.cc brings its own.
[[gnu::weak]] std::string_view name(Label label) {
  switch (label) {
    case Label::predicted: return "predicted";
    case Label::extrapolated: return "extrapolated";
    case Label::bounded: return "bounded";
    case Label::modelled: return "modelled";
  }
  return "";
}

}  // namespace wattlayer
