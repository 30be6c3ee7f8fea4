#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace wattlayer {

/// Element type of a tensor, or the arithmetic a layer is computed in (tf32, fp8_block, nvfp4, mxfp4).
enum class DataType {
  f32,
  tf32,
  f16,
  bf16,
  f64,
  fp8,
  fp8_block,
  nvfp4,
  mxfp4,
  int2,
  uint2,
  int4,
  uint4,
  int8,
  uint8,
  i16,
  u16,
  i32,
  u32,
  i64,
  u64,
  boolean,
  complex64,
  complex128,
  string,
};

/// Storage of one element in bits (int4 is 4, bool is 8; a string counts as one 8-byte pointer).
int bits(DataType type);

/// Canonical name: `f32`, `bf16`, `int8`, `i64`, `bool`, ...
std::string_view name(DataType type);

/// Reads a name or an alias (`float32`, `half`, `fp16`, `float8e4m3fn`, ...); nothing when unknown.
std::optional<DataType> parse_data_type(std::string_view text);

/// As parse_data_type, but throws Error(invalid_input) that lists the known names.
DataType require_data_type(std::string_view text);

bool is_float(DataType type);
bool is_integer(DataType type);  ///< integers of any width, not bool

/// From the `TensorProto.DataType` number of the ONNX format; nothing when the number is unknown.
std::optional<DataType> from_onnx_type(int number);

}  // namespace wattlayer
