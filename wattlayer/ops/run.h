#pragma once
#include "wattlayer/ops/operator.h"

/// Short spellings of RunArgument for the blocks in ops/defs.
namespace wattlayer::run {

constexpr RunArgument input(std::string_view parameter, int index = 0) { return {.parameter = parameter, .index = index}; }

constexpr RunArgument input_swapped_if(std::string_view parameter, int index, std::string_view attribute) {
  return {.parameter = parameter, .index = index, .attribute = attribute};
}

constexpr RunArgument flat_input(std::string_view parameter, int index) {
  return {.parameter = parameter, .source = RunArgument::Source::flat_input, .index = index};
}

constexpr RunArgument inputs_from(std::string_view parameter, int index = 0) {
  return {.parameter = parameter, .source = RunArgument::Source::inputs_from, .index = index};
}

constexpr RunArgument value(std::string_view parameter, int index, std::string_view otherwise = "None") {
  return {.parameter = parameter, .source = RunArgument::Source::input_value, .index = index, .literal = otherwise};
}

constexpr RunArgument dims(std::string_view parameter, int index, std::string_view axis_attribute, std::string_view otherwise) {
  return {.parameter = parameter,
          .source = RunArgument::Source::input_dims,
          .index = index,
          .attribute = axis_attribute,
          .literal = otherwise};
}

constexpr RunArgument attribute(std::string_view parameter, std::string_view name, std::string_view otherwise) {
  return {.parameter = parameter, .source = RunArgument::Source::attribute, .attribute = name, .literal = otherwise};
}

constexpr RunArgument pads(std::string_view parameter) {
  return {.parameter = parameter, .source = RunArgument::Source::pads, .attribute = "pads", .literal = "0"};
}

constexpr RunArgument constant(std::string_view parameter, std::string_view literal) {
  return {.parameter = parameter, .source = RunArgument::Source::constant, .literal = literal};
}

constexpr RunArgument output_shape(std::string_view parameter, int index = 0) {
  return {.parameter = parameter, .source = RunArgument::Source::output_shape, .index = index};
}

constexpr RunArgument spatial_output(std::string_view parameter, int index = 0) {
  return {.parameter = parameter, .source = RunArgument::Source::spatial_output, .index = index};
}

constexpr RunArgument attribute_equals(std::string_view parameter, std::string_view name, std::string_view text) {
  return {.parameter = parameter, .source = RunArgument::Source::equals, .attribute = name, .literal = text};
}

/// A call whose only argument is the first input.
inline Run unary(std::string_view aten) { return {aten, {input("self")}}; }

}  // namespace wattlayer::run
