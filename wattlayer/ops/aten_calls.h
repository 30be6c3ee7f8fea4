#pragma once
#include "wattlayer/ops/aten_call.h"

/// Operators that ATen executes by more than one call, or by another call for another form; Operator::calls in ops/defs. Each
/// throws Error(unsupported) for a form without a counterpart.
namespace wattlayer::aten {

// aten_calls_movement.cc: copies and views.
AtenCalls transpose(const Layer& layer);
AtenCalls split(const Layer& layer);
AtenCalls slice(const Layer& layer);
AtenCalls pad(const Layer& layer);
AtenCalls trilu(const Layer& layer);
AtenCalls depth_to_space(const Layer& layer);
AtenCalls space_to_depth(const Layer& layer);
AtenCalls constant_of_shape(const Layer& layer);
AtenCalls range(const Layer& layer);
AtenCalls resize(const Layer& layer);
AtenCalls grid_sample(const Layer& layer);

// aten_calls_indexing.cc
AtenCalls gather(const Layer& layer);
AtenCalls gather_elements(const Layer& layer);
AtenCalls gather_nd(const Layer& layer);
AtenCalls scatter_elements(const Layer& layer);
AtenCalls scatter_nd(const Layer& layer);
AtenCalls one_hot(const Layer& layer);
AtenCalls non_zero(const Layer& layer);

// aten_calls_arithmetic.cc
AtenCalls gemm(const Layer& layer);
AtenCalls divide(const Layer& layer);
AtenCalls remainder(const Layer& layer);
AtenCalls combine(const Layer& layer);  ///< Min, Max, Sum, Mean of any number of inputs
AtenCalls reduce(const Layer& layer);   ///< ReduceMean and its kin
AtenCalls running(const Layer& layer);  ///< CumSum, CumProd
AtenCalls hard_sigmoid(const Layer& layer);
AtenCalls average_pool(const Layer& layer);
AtenCalls batch_norm(const Layer& layer);
AtenCalls layer_norm(const Layer& layer);
AtenCalls lrn(const Layer& layer);

// aten_calls_recurrent.cc: recurrences and attention.
AtenCalls recurrence(const Layer& layer);
AtenCalls attention(const Layer& layer);

// aten_calls_gradients.cc
AtenCalls conv_grad(const Layer& layer);
AtenCalls max_pool_grad(const Layer& layer);
AtenCalls average_pool_grad(const Layer& layer);
AtenCalls batch_norm_grad(const Layer& layer);
AtenCalls layer_norm_grad(const Layer& layer);
AtenCalls softmax_grad(const Layer& layer);
AtenCalls gather_grad(const Layer& layer);
AtenCalls dropout(const Layer& layer);
AtenCalls activation_grad(const Layer& layer);

}  // namespace wattlayer::aten
