#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/engine.h"
#include "wattlayer/core/hardware.h"

namespace wattlayer {

/// Descriptions of hardware and engines by id, each read and parsed once. May be used by several threads.
class Catalogue {
 public:
  /// The files outlive the catalogue.
  explicit Catalogue(const DataFiles& files) : files_(files) {}

  /// Throw Error(invalid_input) that lists near ids when there is no such file, or names the field that is wrong in it.
  const Hardware& hardware(const std::string& id) const;
  const Engine& engine(const std::string& id) const;
  /// Where the descriptions come from.
  const DataFiles& files() const { return files_; }

 private:
  const DataFiles& files_;
  mutable std::mutex reading_;
  mutable std::map<std::string, std::unique_ptr<const Hardware>> hardware_;
  mutable std::map<std::string, std::unique_ptr<const Engine>> engines_;
};

}  // namespace wattlayer
