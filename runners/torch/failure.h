#pragma once
#include <stdexcept>
#include <string>

namespace runner {

/// A request that cannot be done; `kind` is the protocol's `error`.
class Failure : public std::runtime_error {
 public:
  Failure(std::string kind, const std::string& message) : std::runtime_error(message), kind_(std::move(kind)) {}
  const std::string& kind() const { return kind_; }

 private:
  std::string kind_;
};

}  // namespace runner
