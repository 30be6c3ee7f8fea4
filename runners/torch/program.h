#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "capture.h"
#include "step.h"

namespace runner {

/// What the machine allows a task.
struct Limits {
  double cache_bytes = 0;   ///< of the last level; inputs and weights rotate through more
  double memory_bytes = 0;  ///< free; 0: the allocator finds out
};

/// A task of the protocol, allocated, filled and ready to run.
class Program {
 public:
  /// Prepares a `prepare` request and runs it once. Throws Failure, c10::Error.
  Program(const nlohmann::json& request, const Limits& limits, bool capture);

  /// Seconds for that many passes, until the device has done the last one.
  double run(int64_t passes);
  /// One more pass; writes each output of the graph to the folder and describes it.
  nlohmann::json write_outputs(const std::string& folder);
  double bytes() const { return bytes_; }
  size_t copies() const { return tensors_.constants.size(); }

 private:
  struct Node {
    size_t first = 0, end = 0;  ///< its steps
    int64_t count = 1;
    std::vector<int> dead;  ///< tensors that no later node reads
    std::vector<int> made;  ///< tensors that are outputs
    bool in_place = false;  ///< asked for
  };
  struct Value {
    std::string name, dtype;
    double bytes = 0;
    Place place;
  };

  void add_values(const nlohmann::json& request);
  void add_node(const nlohmann::json& node);
  Place operand_of(const nlohmann::json& operand, const nlohmann::json& node,
                   const std::vector<std::vector<Place>>& results) const;
  /// For each number, the number whose memory it looks at.
  std::vector<int> roots() const;
  void free_at_last_use();
  /// Most bytes that computed tensors hold at a time, calls' own scratch apart.
  double peak_bytes() const;
  void check_memory(const Limits& limits, size_t copies) const;
  void fill(size_t copies);
  at::Tensor make(const nlohmann::json& value) const;
  void configure() const;
  void pass(size_t copy);
  void pass_eagerly(size_t copy);
  void synchronize() const;
  int new_number() { return numbers_++; }

  at::Device device_;
  std::string dtype_;
  uint64_t seed_ = 0;
  int threads_ = 0;
  int numbers_ = 0;
  double bytes_ = 0;
  std::vector<Value> values_;
  std::vector<nlohmann::json> given_;  ///< values that no node writes
  std::vector<Node> nodes_;
  std::vector<Step> steps_, once_;
  std::vector<std::vector<int>> reads_;     ///< of each step: numbers of computed tensors
  std::vector<std::pair<int, int>> views_;  ///< number of a view, and of what it looks at
  std::vector<size_t> output_values_;
  Tensors tensors_;
  std::vector<c10::IValue> stack_;
  size_t next_copy_ = 0;
  std::vector<std::unique_ptr<CapturedPass>> captured_;
};

}  // namespace runner
