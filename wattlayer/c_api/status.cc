#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "wattlayer/c_api/handles.h"
#include "wattlayer/c_api/version.h"
#include "wattlayer/core/error.h"

namespace wattlayer::c_api {
namespace {

std::string& last_error() {
  thread_local std::string text;
  return text;
}

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_input:
      return WATTLAYER_INVALID_INPUT;
    case ErrorKind::unsupported:
      return WATTLAYER_UNSUPPORTED;
    case ErrorKind::unavailable:
      return WATTLAYER_UNAVAILABLE;
    case ErrorKind::io:
      return WATTLAYER_IO;
    case ErrorKind::internal:
      return WATTLAYER_INTERNAL;
  }
  return WATTLAYER_INTERNAL;
}

int failed(int status, const char* reason) noexcept {
  try {
    last_error() = reason;
  } catch (const std::bad_alloc&) {
    last_error().clear();  // the status says it
  }
  return status;
}

}  // namespace

int status_of(const std::function<void()>& work) noexcept {
  try {
    work();
    return WATTLAYER_OK;
  } catch (const Error& e) {
    return failed(status_of(e.kind()), e.what());
  } catch (const std::bad_alloc&) {
    return failed(WATTLAYER_OUT_OF_MEMORY, "out of memory; the input asks for more than this machine has");
  } catch (const std::filesystem::filesystem_error& e) {
    return failed(WATTLAYER_IO, e.what());
  } catch (const std::exception& e) {
    return failed(WATTLAYER_INTERNAL, e.what());
  } catch (...) {
    return failed(WATTLAYER_INTERNAL, "an unknown exception");
  }
}

void require(const void* argument, const char* name) {
  if (!argument) throw Error(ErrorKind::invalid_input, std::string(name) + " is NULL, expected a value");
}

char* handed_out(const std::string& text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (!copy) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

}  // namespace wattlayer::c_api

int wattlayer_abi_version(void) { return WATTLAYER_ABI_VERSION; }
const char* wattlayer_version(void) { return WATTLAYER_VERSION; }
const char* wattlayer_last_error(void) { return wattlayer::c_api::last_error().c_str(); }
void wattlayer_free_text(char* text) { std::free(text); }
