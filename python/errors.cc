#include <pybind11/pybind11.h>

#include <regex>
#include <utility>

#include "python/bind.h"
#include "wattlayer/core/error.h"

namespace wattlayer::python {
namespace {

const char* class_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_input:
      return "InvalidInput";
    case ErrorKind::unsupported:
      return "Unsupported";
    case ErrorKind::unavailable:
      return "Unavailable";
    case ErrorKind::io:
      return "FileError";
    case ErrorKind::internal:
      return "InternalError";
  }
  return "InternalError";
}

}  // namespace

std::string in_python(const std::string& message) {
  static const std::pair<std::regex, const char*> words[] = {
      {std::regex(R"(--meter-setting ([\w.:-]+)=([\w./:-]+))"), R"(settings={"$1": "$2"})"},
      {std::regex(R"(--meter ([a-z][\w:.-]*))"), R"(meters="$1")"},
      {std::regex("--input or --dim\\b"), "inputs= or dims="},
      {std::regex("--dtype\\b"), "dtype="},
      {std::regex("--batch\\b"), "batch="},
      {std::regex("--power-limit\\b"), "power_limit_w="}};
  std::string text = message;
  for (const auto& [option, argument] : words) text = std::regex_replace(text, option, argument);
  return text;
}

/// Errors of the library become the classes of wattlayer/errors.py.
void bind_errors(pybind11::module_&) {
  pybind11::register_local_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const Error& e) {
      const pybind11::object type = pybind11::module_::import("wattlayer.errors").attr(class_of(e.kind()));
      PyErr_SetString(type.ptr(), in_python(e.what()).c_str());
    }
  });
}

}  // namespace wattlayer::python
