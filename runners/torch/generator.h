#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <string>

namespace runner {

/// Data type of the protocol's name (`f32`, `i64`, ...). Throws Failure(unsupported) for one that libtorch does not compute in.
at::ScalarType scalar_type(const std::string& name);

/// A tensor of the protocol's random elements for a value of that name, in [low, high).
at::Tensor random_tensor(const std::string& name, uint64_t seed, double low, double high, at::IntArrayRef shape,
                         at::ScalarType type, at::Device device);

}  // namespace runner
