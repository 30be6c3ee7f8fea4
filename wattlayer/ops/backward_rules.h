#pragma once
#include "wattlayer/ops/backward.h"

/// Backward passes of operators; Operator::backward in ops/defs. Where PyTorch has a kernel for a gradient, one layer stands for
/// it; else the operators that its derivative formula calls (tools/autograd/derivatives.yaml of PyTorch).
namespace wattlayer::backward_rules {

/// The gradient is zero or undefined everywhere: nothing runs.
void none(BackwardBuilder& b);

// backward_products.cc
void gemm(BackwardBuilder& b);
void matmul(BackwardBuilder& b);
void conv(BackwardBuilder& b);
void conv_transpose(BackwardBuilder& b);
void einsum(BackwardBuilder& b);
void attention(BackwardBuilder& b);
void rotary(BackwardBuilder& b);
void recurrence(BackwardBuilder& b);

// backward_windows.cc
void max_pool(BackwardBuilder& b);
void average_pool(BackwardBuilder& b);
void global_average_pool(BackwardBuilder& b);
void resize(BackwardBuilder& b);

// backward_elementwise.cc
void add(BackwardBuilder& b);
void sub(BackwardBuilder& b);
void mul(BackwardBuilder& b);
void div(BackwardBuilder& b);
void mean(BackwardBuilder& b);
void extreme(BackwardBuilder& b);  ///< Min and Max
void pow(BackwardBuilder& b);
void where(BackwardBuilder& b);
void unary(BackwardBuilder& b);       ///< Neg, Abs, Exp, Log, Sqrt, Reciprocal, Erf, Sin, Cos, Tan
void activation(BackwardBuilder& b);  ///< `com.microsoft.ReluGrad` of `Relu`, and its kin
void prelu(BackwardBuilder& b);

// backward_movement.cc
void reshape(BackwardBuilder& b);
void transpose(BackwardBuilder& b);
void dropout(BackwardBuilder& b);
void cast(BackwardBuilder& b);
void expand(BackwardBuilder& b);
void tile(BackwardBuilder& b);
void concat(BackwardBuilder& b);
void split(BackwardBuilder& b);
void pick(BackwardBuilder& b);  ///< Slice, Gather, GatherElements, GatherND: gradients go back to where elements came from
void pad(BackwardBuilder& b);
void rearrange(BackwardBuilder& b);  ///< DepthToSpace and SpaceToDepth, each by the other
void trilu(BackwardBuilder& b);
void reduce_sum(BackwardBuilder& b);
void reduce_mean(BackwardBuilder& b);
void reduce_extreme(BackwardBuilder& b);  ///< ReduceMin and ReduceMax
void reduce_l2(BackwardBuilder& b);
void running_sum(BackwardBuilder& b);

// backward_normalization.cc: normalizations, softmax, losses.
void batch_norm(BackwardBuilder& b);
void layer_norm(BackwardBuilder& b);
void standardize(BackwardBuilder& b);  ///< those without statistics as outputs: `com.microsoft.GroupNormalizationGrad`, ...
void softmax(BackwardBuilder& b);
void loss(BackwardBuilder& b);
void squared_loss(BackwardBuilder& b);

}  // namespace wattlayer::backward_rules
