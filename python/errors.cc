#include <pybind11/pybind11.h>

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

/// Errors of the library become the classes of wattlayer/errors.py.
void bind_errors(pybind11::module_&) {
  pybind11::register_local_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const Error& e) {
      const pybind11::object type = pybind11::module_::import("wattlayer.errors").attr(class_of(e.kind()));
      PyErr_SetString(type.ptr(), e.what());
    }
  });
}

}  // namespace wattlayer::python
