#pragma once
#include "wattlayer/ops/operator.h"

/// Matrix products that several families share.
namespace wattlayer::rules {

/// Shape of a product as numpy.matmul: one-dimensional operands gain a dimension for it and lose it afterwards.
/// Throws Error(invalid_input).
Shape matmul(const Layer& layer, Shape a, Shape b);

/// The last two dimensions swapped; needs two.
Shape swapped(Shape shape);

/// Fills macs, groups, m, n and k: one product where b is shared by the whole batch, else one a batch element.
void count_matmul(Cost& cost, const Shape& a, const Shape& b, double outputs);

/// Fills macs, groups, m, n and k of `groups` products of m x k by k x n.
void count_product(Cost& cost, double groups, double m, double n, double k);

/// Adds the FLOPs and special functions of an activation named in an attribute (`Relu`, `LeakyRelu`, `Tanh`, ...).
void add_activation(Cost& cost, std::string_view name, double count);

}  // namespace wattlayer::rules
