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

// backward_windows.cc
void max_pool(BackwardBuilder& b);
void average_pool(BackwardBuilder& b);
void global_average_pool(BackwardBuilder& b);

// backward_elementwise.cc
void add(BackwardBuilder& b);
void sub(BackwardBuilder& b);
void mul(BackwardBuilder& b);
void div(BackwardBuilder& b);
void activation(BackwardBuilder& b);  ///< `com.microsoft.ReluGrad` of `Relu`, and its kin

// backward_movement.cc
void reshape(BackwardBuilder& b);
void transpose(BackwardBuilder& b);
void dropout(BackwardBuilder& b);
void reduce_sum(BackwardBuilder& b);
void reduce_mean(BackwardBuilder& b);

// backward_normalization.cc: normalizations, softmax, losses.
void batch_norm(BackwardBuilder& b);
void layer_norm(BackwardBuilder& b);
void softmax(BackwardBuilder& b);
void loss(BackwardBuilder& b);

}  // namespace wattlayer::backward_rules
