#include "wattlayer/core/data_type.h"

#include <array>
#include <cctype>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

enum class Kind { real, integer, other };

struct Entry {
  DataType type;
  std::string_view name;
  int bits;
  Kind kind;
};

constexpr std::array entries = {
    Entry{DataType::f32, "f32", 32, Kind::real},
    Entry{DataType::tf32, "tf32", 32, Kind::real},
    Entry{DataType::f16, "f16", 16, Kind::real},
    Entry{DataType::bf16, "bf16", 16, Kind::real},
    Entry{DataType::f64, "f64", 64, Kind::real},
    Entry{DataType::fp8, "fp8", 8, Kind::real},
    Entry{DataType::fp8_block, "fp8_block", 8, Kind::real},
    Entry{DataType::nvfp4, "nvfp4", 4, Kind::real},
    Entry{DataType::mxfp4, "mxfp4", 4, Kind::real},
    Entry{DataType::int2, "int2", 2, Kind::integer},
    Entry{DataType::uint2, "uint2", 2, Kind::integer},
    Entry{DataType::int4, "int4", 4, Kind::integer},
    Entry{DataType::uint4, "uint4", 4, Kind::integer},
    Entry{DataType::int8, "int8", 8, Kind::integer},
    Entry{DataType::uint8, "uint8", 8, Kind::integer},
    Entry{DataType::i16, "i16", 16, Kind::integer},
    Entry{DataType::u16, "u16", 16, Kind::integer},
    Entry{DataType::i32, "i32", 32, Kind::integer},
    Entry{DataType::u32, "u32", 32, Kind::integer},
    Entry{DataType::i64, "i64", 64, Kind::integer},
    Entry{DataType::u64, "u64", 64, Kind::integer},
    Entry{DataType::boolean, "bool", 8, Kind::other},
    Entry{DataType::complex64, "complex64", 64, Kind::other},
    Entry{DataType::complex128, "complex128", 128, Kind::other},
    Entry{DataType::string, "string", 64, Kind::other},
};

struct Alias {
  std::string_view name;
  DataType type;
};

constexpr std::array aliases = {
    Alias{"float32", DataType::f32}, Alias{"fp32", DataType::f32},         Alias{"float", DataType::f32},
    Alias{"single", DataType::f32},  Alias{"float16", DataType::f16},      Alias{"fp16", DataType::f16},
    Alias{"half", DataType::f16},    Alias{"bfloat16", DataType::bf16},    Alias{"float64", DataType::f64},
    Alias{"fp64", DataType::f64},    Alias{"double", DataType::f64},       Alias{"f8", DataType::fp8},
    Alias{"float8", DataType::fp8},  Alias{"float8e4m3fn", DataType::fp8}, Alias{"float8e5m2", DataType::fp8},
    Alias{"e4m3", DataType::fp8},    Alias{"fp4", DataType::nvfp4},        Alias{"float4e2m1", DataType::mxfp4},
    Alias{"i8", DataType::int8},     Alias{"u8", DataType::uint8},         Alias{"i4", DataType::int4},
    Alias{"u4", DataType::uint4},    Alias{"int16", DataType::i16},        Alias{"uint16", DataType::u16},
    Alias{"int32", DataType::i32},   Alias{"uint32", DataType::u32},       Alias{"int64", DataType::i64},
    Alias{"uint64", DataType::u64},  Alias{"boolean", DataType::boolean},
};

const Entry& entry(DataType type) { return entries[static_cast<size_t>(type)]; }

}  // namespace

int bits(DataType type) { return entry(type).bits; }

std::string_view name(DataType type) { return entry(type).name; }

bool is_float(DataType type) { return entry(type).kind == Kind::real; }

bool is_integer(DataType type) { return entry(type).kind == Kind::integer; }

std::optional<DataType> parse_data_type(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const Entry& e : entries)
    if (e.name == lower) return e.type;
  for (const Alias& a : aliases)
    if (a.name == lower) return a.type;
  return std::nullopt;
}

DataType require_data_type(std::string_view text) {
  if (auto type = parse_data_type(text)) return *type;
  throw Error(ErrorKind::invalid_input, "unknown data type '" + std::string(text) +
                                            "'; use one of f32, tf32, f16, bf16, fp8, fp8_block, nvfp4, mxfp4, int8, int4");
}

std::optional<DataType> from_onnx_type(int number) {
  switch (number) {
    case 1:
      return DataType::f32;
    case 2:
      return DataType::uint8;
    case 3:
      return DataType::int8;
    case 4:
      return DataType::u16;
    case 5:
      return DataType::i16;
    case 6:
      return DataType::i32;
    case 7:
      return DataType::i64;
    case 8:
      return DataType::string;
    case 9:
      return DataType::boolean;
    case 10:
      return DataType::f16;
    case 11:
      return DataType::f64;
    case 12:
      return DataType::u32;
    case 13:
      return DataType::u64;
    case 14:
      return DataType::complex64;
    case 15:
      return DataType::complex128;
    case 16:
      return DataType::bf16;
    case 17:
    case 18:
    case 19:
    case 20:
    case 24:
      return DataType::fp8;
    case 21:
      return DataType::uint4;
    case 22:
      return DataType::int4;
    case 23:
      return DataType::mxfp4;
    case 25:
      return DataType::uint2;
    case 26:
      return DataType::int2;
    default:
      return std::nullopt;
  }
}

}  // namespace wattlayer
