#include "program.h"

#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/DeviceGuard.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <set>
#include <utility>

#include "arguments.h"
#include "failure.h"
#include "generator.h"

namespace runner {
namespace {

using nlohmann::json;

constexpr double granule_bytes = 512;  // allocators hand out no less, and the next tensor starts behind it
constexpr size_t most_copies = 4096, most_captured = 64;

double size_of(const json& value) {
  double elements = 1;
  for (const json& n : value.at("shape")) elements *= n.get<double>();
  const double bytes = elements * static_cast<double>(c10::elementSize(scalar_type(value.at("dtype").get<std::string>())));
  return std::ceil(bytes / granule_bytes) * granule_bytes;
}

size_t copies_beyond(double bytes, double cache) {
  if (bytes <= 0 || bytes > cache) return 1;
  return std::min(most_copies, static_cast<size_t>(cache / bytes) + 1);
}

at::Tensor from_elements(const json& elements, at::IntArrayRef shape, at::ScalarType type) {
  if (at::isFloatingType(type)) {
    std::vector<double> list;
    for (const json& e : elements) list.push_back(real(e));
    return at::tensor(list, at::kDouble).to(type).reshape(shape);
  }
  std::vector<int64_t> list;
  for (const json& e : elements) list.push_back(e.is_boolean() ? e.get<bool>() : e.get<int64_t>());
  return at::tensor(list, at::kLong).to(type).reshape(shape);
}

int initial_threads() {
  static const int threads = at::get_num_threads();
  return threads;
}

}  // namespace

Program::Program(const json& request, const Limits& limits, bool captures)
    : device_(request.at("device").get<std::string>()),
      dtype_(request.at("dtype").get<std::string>()),
      seed_(request.value("seed", uint64_t{0})),
      threads_(request.value("threads", 0)) {
  initial_threads();
  if (device_.is_cuda() && !device_.has_index()) device_ = at::Device("cuda:0");
  if (device_.is_cpu() && dtype_ == "tf32") throw Failure("unsupported", "a CPU has no tf32 arithmetic");
  c10::OptionalDeviceGuard guard(device_);
  configure();
  add_values(request);
  for (const json& node : request.at("nodes")) add_node(node);
  for (const json& output : request.at("outputs")) output_values_.push_back(output.get<size_t>());
  free_at_last_use();
  double fed = 0;
  for (const json& value : given_)
    if (value["role"] != "known") fed += size_of(value);
  size_t copies = request.value("warm_cache", false) ? 1 : copies_beyond(fed, limits.cache_bytes);
  if (captures) copies = std::min(copies, most_captured);
  check_memory(limits, copies);
  fill(copies);
  pass(0);
  synchronize();
  if (captures)
    for (size_t copy = 0; copy < copies; ++copy)
      captured_.push_back(capture(device_.index(), [this, copy] { pass_eagerly(copy); }));
  synchronize();
}

/// Settings are the process's own: they are made anew before each use.
void Program::configure() const {
  at::set_num_threads(threads_ > 0 ? threads_ : initial_threads());
  if (!device_.is_cuda()) return;
  const bool tf32 = dtype_ == "tf32";
  at::globalContext().setFloat32MatmulPrecision(tf32 ? std::string("high") : std::string("highest"));
  at::globalContext().setAllowTF32CuDNN(tf32);
}

void Program::add_values(const json& request) {
  for (const json& value : request.at("values")) {
    const bool given = value.at("role") != "computed";
    values_.push_back({value.at("name"), value.at("dtype"), size_of(value), {given ? new_number() : -1, given}});
    if (!given) continue;
    given_.push_back(value);
  }
}

Place Program::operand_of(const json& operand, const json& node, const std::vector<std::vector<Place>>& results) const {
  if (operand.contains("call")) return results.at(operand["call"].get<size_t>()).at(operand.value("result", size_t{0}));
  const int value = node.at("inputs").at(operand.at("input").get<size_t>()).get<int>();
  return value < 0 ? Place() : values_.at(static_cast<size_t>(value)).place;
}

namespace {

/// How many results of each call anybody asks for.
std::vector<size_t> asked_results(const json& call) {
  std::vector<size_t> asked(call.at("calls").size(), 0);
  const auto see = [&](const json& operand) {
    if (!operand.is_object() || !operand.contains("call")) return;
    size_t& most = asked.at(operand["call"].get<size_t>());
    most = std::max(most, operand.value("result", size_t{0}) + 1);
  };
  for (const json& one : call["calls"])
    for (const json& argument : one.at("arguments")) {
      see(argument);
      if (argument.contains("tensors"))
        for (const json& operand : argument["tensors"]) see(operand);
    }
  for (const json& output : call.at("outputs")) see(output);
  return asked;
}

}  // namespace

void Program::add_node(const json& node) {
  const std::string layer = node.at("layer").get<std::string>();
  if (!node.contains("call"))
    throw Failure("unsupported", layer + ": " + node.value("no_call", "the operator has no ATen counterpart"));
  const json& call = node["call"];
  Node added{steps_.size(), 0, std::llround(node.value("count", 1.0))};
  const std::vector<size_t> asked = asked_results(call);
  std::vector<std::vector<Place>> results;
  try {
    for (size_t k = 0; k < call["calls"].size(); ++k) {
      const json& one = call["calls"][k];
      const bool once = one.value("once", false);
      std::vector<int> reads;
      Step step(one, device_, [&](const json& operand) {
        const Place place = operand_of(operand, node, results);
        if (place.number >= 0 && !place.constant) reads.push_back(place.number);
        if (once && place.number >= 0 && !place.constant)
          throw Failure("failed", "a call that is made once reads what the network computes");
        return place;
      });
      results.emplace_back();
      for (size_t i = 0; i < asked[k]; ++i) {
        results.back().push_back({new_number(), once});
        step.set_result(i, results.back().back().number);
      }
      if (!once && step.makes_view())
        for (const Place& result : results.back()) views_.push_back({result.number, step.first_tensor().number});
      (once ? once_ : steps_).push_back(std::move(step));
      if (!once) reads_.push_back(std::move(reads));
    }
  } catch (const Failure& e) {
    throw Failure(e.kind(), layer + ": " + e.what());
  }
  for (size_t i = 0; i < node.at("outputs").size() && i < call.at("outputs").size(); ++i) {
    const int value = node["outputs"][i].get<int>();
    if (value < 0 || call["outputs"][i].is_null()) continue;
    const Place place = values_.at(static_cast<size_t>(value)).place = operand_of(call["outputs"][i], node, results);
    if (!place.constant) added.made.push_back(value);
  }
  added.end = steps_.size();
  if (node.value("in_place", false) && added.end == added.first + 1) {
    const Place x = steps_[added.first].first_tensor();
    // Pass after pass on the same input: only what changes nothing the second time leaves random data random.
    if (x.constant && layer.rfind("Relu ", 0) != 0 && layer.rfind("Clip ", 0) != 0)
      throw Failure("unsupported", layer +
                                       ": in place it would overwrite its own input, and later passes would run on other data; "
                                       "measure it without inplace");
    added.in_place = true;
  }
  nodes_.push_back(std::move(added));
}

std::vector<int> Program::roots() const {
  std::vector<int> root(static_cast<size_t>(numbers_));
  for (int i = 0; i < numbers_; ++i) root[static_cast<size_t>(i)] = i;
  for (const auto& [view, of] : views_)
    if (of >= 0) root[static_cast<size_t>(view)] = root[static_cast<size_t>(of)];
  return root;
}

/// Finds where each computed tensor is read last, and which steps may overwrite their input: those whose input no later step
/// reads, by itself or through a view.
void Program::free_at_last_use() {
  const std::vector<int> root = roots();
  std::set<int> needed, kept;
  for (size_t value : output_values_)
    if (const Place& place = values_.at(value).place; !place.constant && place.number >= 0) kept.insert(place.number);
  for (int number : kept) needed.insert(root[static_cast<size_t>(number)]);
  std::set<int> read = kept;
  for (size_t n = nodes_.size(); n-- > 0;) {
    Node& node = nodes_[n];
    if (node.in_place) {
      const Place x = steps_[node.first].first_tensor();
      const bool alone = x.number >= 0 && root[static_cast<size_t>(x.number)] == x.number && !needed.count(x.number);
      if (alone) steps_[node.first].run_in_place();
    }
    for (size_t s = node.first; s < node.end; ++s)
      for (int number : reads_[s]) {
        if (read.insert(number).second) node.dead.push_back(number);
        needed.insert(root[static_cast<size_t>(number)]);
      }
  }
}

double Program::peak_bytes() const {
  const std::vector<int> root = roots();
  std::vector<double> held(static_cast<size_t>(numbers_));
  double now = 0, peak = 0;
  for (const Node& node : nodes_) {
    for (int value : node.made) {
      const Value& made = values_[static_cast<size_t>(value)];
      const auto number = static_cast<size_t>(made.place.number);
      if (made.place.number < 0 || root[number] != made.place.number) continue;
      now += made.bytes - held[number];
      held[number] = made.bytes;
    }
    peak = std::max(peak, now);
    for (int number : node.dead) now -= std::exchange(held[static_cast<size_t>(number)], 0);
  }
  return peak;
}

/// A system that promises more memory than it has ends processes later.
void Program::check_memory(const Limits& limits, size_t copies) const {
  double wanted = peak_bytes();
  for (const json& value : given_) wanted += size_of(value) * static_cast<double>(value["role"] == "known" ? 1 : copies);
  if (limits.memory_bytes > 0 && wanted > limits.memory_bytes)
    throw Failure("out_of_memory", "needs " + std::to_string(static_cast<int64_t>(wanted / 1e6)) + " MB; " +
                                       std::to_string(static_cast<int64_t>(limits.memory_bytes / 1e6)) + " MB are free");
}

at::Tensor Program::make(const json& value) const {
  const auto shape = value.at("shape").get<std::vector<int64_t>>();
  const at::ScalarType type = scalar_type(value.at("dtype").get<std::string>());
  if (value["role"] == "known") return from_elements(value.at("elements"), shape, type).to(device_);
  return random_tensor(value.at("name").get<std::string>(), seed_, real(value.at("low")), real(value.at("high")), shape, type,
                       device_);
}

void Program::fill(size_t copies) {
  tensors_.computed.resize(static_cast<size_t>(numbers_));
  tensors_.constants.resize(copies);
  bytes_ = 0;
  for (size_t copy = 0; copy < copies; ++copy) {
    auto& constants = tensors_.constants[copy];
    constants.resize(static_cast<size_t>(numbers_));
    for (size_t i = 0; i < given_.size(); ++i) {
      const size_t number = i;  // given values are numbered first
      const bool known = given_[i]["role"] == "known";
      constants[number] = copy == 0 ? make(given_[i])
                          : known   ? tensors_.constants[0][number]
                                    : tensors_.constants[0][number].clone();
      if (copy == 0 || !known) bytes_ += static_cast<double>(constants[number].nbytes());
    }
    for (const Step& step : once_) step.run(tensors_, copy, stack_, true);
  }
}

void Program::pass_eagerly(size_t copy) {
  for (const Node& node : nodes_) {
    for (int64_t i = 0; i < node.count; ++i)
      for (size_t s = node.first; s < node.end; ++s) steps_[s].run(tensors_, copy, stack_);
    for (int number : node.dead) tensors_.computed[static_cast<size_t>(number)] = at::Tensor();
  }
}

void Program::pass(size_t copy) {
  if (!captured_.empty()) return captured_[copy]->launch();
  try {
    pass_eagerly(copy);
  } catch (...) {
    for (at::Tensor& t : tensors_.computed) t = at::Tensor();
    throw;
  }
}

void Program::synchronize() const {
  if (device_.is_cuda()) at::detail::getCUDAHooks().deviceSynchronize(device_.index());
}

double Program::run(int64_t passes) {
  c10::OptionalDeviceGuard guard(device_);
  configure();
  synchronize();
  const auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < passes; ++i) {
    pass(next_copy_);
    next_copy_ = next_copy_ + 1 == copies() ? 0 : next_copy_ + 1;
  }
  synchronize();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

json Program::write_outputs(const std::string& folder) {
  c10::OptionalDeviceGuard guard(device_);
  configure();
  // Of captured passes the last one's outputs stand at known places.
  const size_t copy = captured_.empty() ? 0 : copies() - 1;
  // Nodes in place may have overwritten what is fed.
  for (size_t i = 0; i < given_.size(); ++i)
    if (given_[i]["role"] == "input") tensors_.constants[copy][i].copy_(make(given_[i]));
  pass(copy);
  synchronize();
  json list = json::array();
  for (size_t i = 0; i < output_values_.size(); ++i) {
    const Value& value = values_[output_values_[i]];
    if (value.place.number < 0) continue;
    const auto number = static_cast<size_t>(value.place.number);
    const at::Tensor out = (value.place.constant ? tensors_.constants[copy] : tensors_.computed)[number].cpu().contiguous();
    const std::string file = folder + "/" + std::to_string(i) + ".bin";
    std::ofstream to(file, std::ios::binary);
    to.write(static_cast<const char*>(out.data_ptr()), static_cast<std::streamsize>(out.nbytes()));
    if (!to) throw Failure("failed", "cannot write " + file);
    list.push_back({{"name", value.name}, {"dtype", value.dtype}, {"shape", out.sizes().vec()}, {"file", file}});
  }
  return list;
}

}  // namespace runner
