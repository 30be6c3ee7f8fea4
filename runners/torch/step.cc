#include "step.h"

#include <algorithm>

#include "arguments.h"
#include "failure.h"

namespace runner {
namespace {

using nlohmann::json;

c10::optional<c10::OperatorHandle> find_overload(const std::string& text, const char* suffix = "") {
  const size_t dot = text.find('.');
  const std::string overload = dot == std::string::npos ? "" : text.substr(dot + 1);
  return c10::Dispatcher::singleton().findSchema({text.substr(0, dot) + suffix, overload});
}

c10::OperatorHandle overload_of(const json& call) {
  const std::string name = call.at("aten").get<std::string>();
  auto found = find_overload(name);
  if (!found) throw Failure("unsupported", "this libtorch has no " + name);
  return *found;
}

const at::Tensor& at_place(const Tensors& tensors, size_t copy, const Place& place) {
  const auto number = static_cast<size_t>(place.number);
  return place.constant ? tensors.constants[copy][number] : tensors.computed[number];
}

template <typename Element>
c10::IValue list_of(const Tensors& tensors, size_t copy, const std::vector<Place>& places) {
  c10::List<Element> list;
  list.reserve(places.size());
  for (const Place& place : places) list.push_back(place.number < 0 ? Element() : Element(at_place(tensors, copy, place)));
  return list;
}

}  // namespace

Step::Step(const json& call, at::Device device, const Find& find) : operation_(overload_of(call)) {
  const auto& parameters = operation_.schema().arguments();
  for (const json& argument : call.at("arguments"))
    if (std::none_of(parameters.begin(), parameters.end(), [&](const auto& p) { return p.name() == argument.at("name"); }))
      throw Failure("unsupported", "this libtorch's " + call.at("aten").get<std::string>() + " has no parameter " +
                                       argument.at("name").get<std::string>());
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto given = std::find_if(call["arguments"].begin(), call["arguments"].end(),
                                    [&](const json& a) { return a.at("name") == parameters[i].name(); });
    if (given == call["arguments"].end()) arguments_.push_back(unnamed(parameters[i], device));
    else add(*given, i, parameters[i], find);
  }
}

void Step::add(const json& argument, size_t position, const c10::Argument& parameter, const Find& find) {
  arguments_.emplace_back();
  if (argument.contains("input") || argument.contains("call")) {
    singles_.push_back({position, find(argument)});
  } else if (argument.contains("tensors")) {
    lists_.push_back({position, {}, takes_absent_tensors(parameter)});
    for (const json& operand : argument["tensors"]) lists_.back().places.push_back(operand.is_null() ? Place() : find(operand));
  } else {
    arguments_.back() = fit(argument, parameter);
  }
}

void Step::run_in_place() {
  const auto& name = operation_.operator_name();
  const auto found = find_overload(name.name + (name.overload_name.empty() ? "" : "." + name.overload_name), "_");
  if (found && found->schema().arguments().size() == arguments_.size()) operation_ = *found;
}

void Step::set_result(size_t i, int number) {
  if (results_.size() <= i) results_.resize(i + 1, -1);
  results_[i] = number;
}

bool Step::makes_view() const {
  const auto& returns = operation_.schema().returns();
  return !returns.empty() && returns[0].alias_info() != nullptr;
}

void Step::run(Tensors& tensors, size_t copy, std::vector<c10::IValue>& stack, bool once) const {
  stack.assign(arguments_.begin(), arguments_.end());
  for (const Single& single : singles_)
    if (single.place.number >= 0) stack[single.argument] = at_place(tensors, copy, single.place);
  for (const List& list : lists_)
    stack[list.argument] = list.optional ? list_of<c10::optional<at::Tensor>>(tensors, copy, list.places)
                                         : list_of<at::Tensor>(tensors, copy, list.places);
  operation_.callBoxed(&stack);
  auto& to = once ? tensors.constants[copy] : tensors.computed;
  size_t next = 0;
  const auto keep = [&](at::Tensor&& result) {
    if (next < results_.size() && results_[next] >= 0) to[static_cast<size_t>(results_[next])] = std::move(result);
    ++next;
  };
  for (c10::IValue& result : stack) {
    if (result.isTensorList())
      for (const at::Tensor& element : result.toTensorVector()) keep(at::Tensor(element));
    else if (result.isTensor()) keep(std::move(result).toTensor());
  }
  stack.clear();
}

}  // namespace runner
