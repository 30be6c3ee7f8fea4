#pragma once
#include <string>
#include <string_view>

#include "wattlayer/core/layer.h"

namespace wattlayer {

/// The text form of a layer: `Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1 strides=2,2 dtype=f32`.
///
/// Op name, then one word an input, then attributes that differ from the default, sorted, then dtype.
/// * A shape: `1x64x56x56`; `scalar` has no dimensions; `-` is an absent input; another element type stands in front:
/// `i64:1x128`.
/// * A small constant with its values: `[1,128,12,64]` (i64), `[1.0,2.0]` (f32), `[5]@scalar`, `[1,2,3,4]@2x2`.
/// * `const=0,2`: which inputs are weights, where that differs from the operator's habit (`const=-` for none).
/// * `outputs=1,0,1`: which outputs are wanted, where there is more than one; `inplace`; `fused=BatchNormalization,Relu`.
/// * `-> 1x128x768 1x128`: outputs; printed only where the operator's shape rule does not give them.
/// parse(print(x)) == x, and print is canonical: it is the key in the store, the command-line argument and the test name.
std::string print(const Layer& layer);

/// Reads the text form, infers the outputs. Throws Error(invalid_input) naming the word that cannot be read.
Layer parse_layer(std::string_view text);

}  // namespace wattlayer
