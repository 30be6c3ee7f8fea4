#pragma once
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

namespace runner {

/// Tensors of a prepared task by number. Constants exist once for each copy and stay; the others live within a pass.
struct Tensors {
  std::vector<std::vector<at::Tensor>> constants;  ///< by copy, then by number; undefined for others
  std::vector<at::Tensor> computed;                ///< by number
};

/// Where an argument's tensor is found; number -1: absent.
struct Place {
  int number = -1;
  bool constant = false;
};

/// One call through the dispatcher, with all that does not change between passes made beforehand.
class Step {
 public:
  using Find = std::function<Place(const nlohmann::json& operand)>;

  /// `find` gives the place of an operand of the protocol. Throws Failure(unsupported) when this libtorch lacks the overload.
  Step(const nlohmann::json& call, at::Device device, const Find& find);

  /// Takes the overload that overwrites the first argument, where there is one.
  void run_in_place();
  /// The number that result i gets; results that nobody asks for are dropped.
  void set_result(size_t i, int number);
  /// Whether the first result may share the memory of the first argument.
  bool makes_view() const;
  /// Place of the first argument that is a tensor.
  Place first_tensor() const { return singles_.empty() ? Place() : singles_.front().place; }

  /// Executes; results go to the computed tensors, or with `once` to the constants of the copy.
  void run(Tensors& tensors, size_t copy, std::vector<c10::IValue>& stack, bool once = false) const;

 private:
  struct Single {
    size_t argument;
    Place place;
  };
  struct List {
    size_t argument;
    std::vector<Place> places;
    bool optional;
  };
  void add(const nlohmann::json& argument, size_t position, const c10::Argument& parameter, const Find& find);

  c10::OperatorHandle operation_;
  std::vector<c10::IValue> arguments_;
  std::vector<Single> singles_;
  std::vector<List> lists_;
  std::vector<int> results_;
};

}  // namespace runner
