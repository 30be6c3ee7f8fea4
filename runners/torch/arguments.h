#pragma once
#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include <nlohmann/json.hpp>

namespace runner {

/// A number, text, list or data type of the protocol as the schema's parameter takes it. Throws Failure(failed) when it does not
/// fit.
c10::IValue fit(const nlohmann::json& argument, const c10::Argument& parameter);

/// What a parameter has that nobody names: its default, the device, or None. Throws Failure(failed) when it needs a value.
c10::IValue unnamed(const c10::Argument& parameter, at::Device device);

/// Whether a list parameter takes absent tensors (`Tensor?[]`).
bool takes_absent_tensors(const c10::Argument& parameter);

/// A number of the protocol; `inf`, `-inf` and `nan` are texts.
double real(const nlohmann::json& value);

}  // namespace runner
