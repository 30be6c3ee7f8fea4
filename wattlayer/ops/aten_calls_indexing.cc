#include <algorithm>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/aten_calls.h"

namespace wattlayer::aten {
namespace {

[[noreturn]] void unsupported(const Layer& layer, const std::string& what) {
  throw Error(ErrorKind::unsupported, layer.op + ": " + what + " has no ATen counterpart");
}

/// Indices as ATen takes them: 64-bit.
Operand indices(AtenCalls& calls, const Layer& layer, int i) {
  if (layer.input(static_cast<size_t>(i)).dtype == DataType::i64) return input(i);
  const std::vector<AtenArgument> arguments = {{"self", input(i)}, {"dtype", AtenValue(DataType::i64)}};
  return layer.input(static_cast<size_t>(i)).constant ? calls.add_once("aten::to.dtype", arguments)
                                                      : calls.add("aten::to.dtype", arguments);
}

bool may_be_negative(const Tensor& t) {
  return t.value && std::any_of(t.value->integers.begin(), t.value->integers.end(), [](int64_t i) { return i < 0; });
}

/// The columns of rows of indices (input 1), each an index into one dimension behind `batch` leading ones, which run along.
std::vector<Operand> columns(AtenCalls& calls, const Layer& layer, int64_t batch) {
  const Shape& rows = layer.input(1).shape;
  const Operand all = indices(calls, layer, 1);
  std::vector<Operand> list;
  for (int64_t b = 0; b < batch; ++b) {
    Shape shape(rows.size() - 1, 1);
    shape[static_cast<size_t>(b)] = rows[static_cast<size_t>(b)];
    const Operand count = calls.add_once("aten::arange", {{"end", AtenValue(rows[static_cast<size_t>(b)])}});
    list.push_back(calls.add_once("aten::reshape", {{"self", count}, {"shape", AtenValue(shape)}}));
  }
  for (int64_t k = 0; k < rows.back(); ++k)
    list.push_back(calls.add("aten::select.int", {{"self", all}, {"dim", AtenValue(int64_t{-1})}, {"index", AtenValue(k)}}));
  return list;
}

}  // namespace

/// As the Python that exporters turn into Gather: x[:, 3], a table's rows, or x[:, indices].
AtenCalls gather(const Layer& layer) {
  const int64_t along = axis(layer, 0, layer.attributes.integer("axis", 0));
  const Tensor &table = layer.input(0), &at = layer.input(1);
  AtenCalls calls;
  if (at.rank() == 0 && at.value && at.value->size() == 1) {
    calls.outputs = {calls.add("aten::select.int",
                               {{"self", input(0)}, {"dim", AtenValue(along)}, {"index", AtenValue(at.value->integer(0))}})};
    return calls;
  }
  const Operand picked = indices(calls, layer, 1);
  if (along == 0 && table.rank() == 2 && !may_be_negative(at)) {
    calls.outputs = {calls.add("aten::embedding", {{"weight", input(0)}, {"indices", picked}})};
  } else if (at.rank() == 1 && !may_be_negative(at)) {
    calls.outputs = {calls.add("aten::index_select", {{"self", input(0)}, {"dim", AtenValue(along)}, {"index", picked}})};
  } else {
    std::vector<Operand> list(static_cast<size_t>(along), absent());
    list.push_back(picked);
    calls.outputs = {calls.add("aten::index.Tensor", {{"self", input(0)}, {"indices", list}})};
  }
  return calls;
}

AtenCalls gather_elements(const Layer& layer) {
  AtenCalls calls;
  const Operand at = indices(calls, layer, 1);
  calls.outputs = {
      calls.add("aten::gather", {{"self", input(0)}, {"dim", AtenValue(layer.attributes.integer("axis", 0))}, {"index", at}})};
  return calls;
}

AtenCalls gather_nd(const Layer& layer) {
  AtenCalls calls;
  const std::vector<Operand> list = columns(calls, layer, layer.attributes.integer("batch_dims", 0));
  calls.outputs = {calls.add("aten::index.Tensor", {{"self", input(0)}, {"indices", list}})};
  return calls;
}

AtenCalls scatter_elements(const Layer& layer) {
  AtenCalls calls;
  const Operand at = indices(calls, layer, 1);
  const AtenArgument self{"self", input(0)}, dim{"dim", AtenValue(layer.attributes.integer("axis", 0))}, index{"index", at},
      source{"src", input(2)};
  const std::string_view reduction = layer.attributes.text("reduction", "none");
  if (reduction == "none") {
    calls.outputs = {calls.add("aten::scatter.src", {self, dim, index, source})};
  } else {
    const std::string name = reduction == "add" ? "sum" : reduction == "mul" ? "prod" : reduction == "max" ? "amax" : "amin";
    calls.outputs = {calls.add("aten::scatter_reduce.two", {self, dim, index, source, {"reduce", AtenValue(name)}})};
  }
  return calls;
}

AtenCalls scatter_nd(const Layer& layer) {
  const std::string_view reduction = layer.attributes.text("reduction", "none");
  if (reduction != "none" && reduction != "add") unsupported(layer, "reduction " + std::string(reduction));
  AtenCalls calls;
  const std::vector<Operand> list = columns(calls, layer, 0);
  calls.outputs = {
      calls.add("aten::index_put",
                {{"self", input(0)}, {"indices", list}, {"values", input(2)}, {"accumulate", AtenValue(reduction == "add")}})};
  return calls;
}

AtenCalls one_hot(const Layer& layer) {
  const auto& values = layer.input(2).value;
  const bool plain = values && values->size() == 2 && values->real(0) == 0 && values->real(1) == 1;
  if (!plain || layer.attributes.integer("axis", -1) != -1) unsupported(layer, "other than ones on the last axis");
  AtenCalls calls;
  const Operand at = indices(calls, layer, 0);
  const Operand ones = calls.add("aten::one_hot", {{"self", at}, {"num_classes", AtenValue(integers(layer, 1).at(0))}});
  calls.outputs = {calls.add("aten::to.dtype", {{"self", ones}, {"dtype", AtenValue(layer.output(0).dtype)}})};
  return calls;
}

AtenCalls non_zero(const Layer&) {
  AtenCalls calls;
  const Operand rows = calls.add("aten::nonzero", {{"self", input(0)}});
  calls.outputs = {calls.add("aten::t", {{"self", rows}})};
  return calls;
}

}  // namespace wattlayer::aten
