#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace wattlayer {

/// What the caller can do about an Error.
enum class ErrorKind {
  invalid_input,  ///< the input is wrong: correct it
  unsupported,    ///< the input is fine, we cannot handle it
  unavailable,    ///< a device, counter or program is missing here
  io,             ///< a file could not be read or written
  internal,       ///< our fault
};

/// The one exception of the library. The message is one sentence: what was expected, what was found, what to do.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  ErrorKind kind() const { return kind_; }

  /// The same error with `context: ` in front; outer layers say where it happened.
  Error within(const std::string& context) const { return Error(kind_, context + ": " + what()); }

 private:
  ErrorKind kind_;
};

}  // namespace wattlayer
