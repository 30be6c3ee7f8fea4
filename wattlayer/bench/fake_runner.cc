#include "wattlayer/bench/fake_runner.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <istream>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <random>
#include <thread>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

using nlohmann::json;

/// Time and energy of one pass, without noise.
struct Pass {
  double seconds = 0, joules = 0;
};

Pass pass_of(const json& nodes) {
  Pass pass;
  for (const json& node : nodes) {
    const Cost c = cost(parse_layer(node.at("layer").get<std::string>()));
    const double count = node.value("count", 1.0);
    const double bytes = c.input_bytes + c.weight_bytes + c.output_bytes;
    const double seconds = 5e-6 + std::max(c.macs / 1e12, bytes / 1e11);
    pass.seconds += count * seconds;
    pass.joules += count * (fake_idle_w * seconds + 20e-12 * c.macs + 60e-12 * bytes);
  }
  return pass;
}

void sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

class FakeRunner {
 public:
  explicit FakeRunner(const FakeRunnerOptions& options) : options_(options) {}

  json answer(const json& request) {
    const std::string what = request.at("do").get<std::string>();
    if (what == "hello") return hello();
    if (what == "prepare") return prepare(request);
    if (what == "run") return run(request);
    if (what == "release") return passes_.erase(request.at("handle").get<int64_t>()), json::object();
    throw Error(ErrorKind::unsupported, fmt::format("the fake runner does not know '{}'", what));
  }

 private:
  static json hello() {
    return {{"protocol", 1},
            {"name", "fake"},
            {"engine", "simulated"},
            {"version", "1"},
            {"devices", {{{"id", "cpu"}, {"name", "simulated"}}, {{"id", "cuda:0"}, {"name", "simulated"}}}},
            {"facts", {{"simulated", "no hardware was used"}}}};
  }

  json prepare(const json& request) {
    for (const FakeFault& fault : options_.faults) {
      bool meant = request.at("name").get<std::string>().find(fault.pattern) != std::string::npos;
      for (const json& node : request.at("nodes"))
        meant = meant || node.at("layer").get<std::string>().find(fault.pattern) != std::string::npos;
      if (meant) commit(fault.kind);
    }
    passes_[++last_] = pass_of(request.at("nodes"));
    return {{"handle", last_}};
  }

  json run(const json& request) {
    const auto found = passes_.find(request.at("handle").get<int64_t>());
    if (found == passes_.end()) throw Error(ErrorKind::invalid_input, "no task has that handle");
    const double passes = request.at("passes").get<double>() * options_.slow;
    std::normal_distribution<double> normal(0, options_.noise);
    const double slower = std::max(0.1, 1 + normal(random_)), dearer = std::max(0.1, 1 + normal(random_));
    const double seconds = passes * found->second.seconds * slower;
    if (options_.delay_s > 0) sleep(options_.delay_s);
    if (options_.real_time) return sleep(seconds), json{{"seconds", seconds}};
    return {{"seconds", seconds}, {"simulated_joules", passes * found->second.joules * slower * dearer}};
  }

  static void commit(FakeFault::Kind kind) {
    switch (kind) {
      case FakeFault::Kind::crash:
        std::abort();
      case FakeFault::Kind::hang:
        while (true) sleep(3600);
      case FakeFault::Kind::out_of_memory:
        throw Error(ErrorKind::unavailable, "as it was told to be");
      case FakeFault::Kind::unsupported:
        throw Error(ErrorKind::unsupported, "as it was told to be");
      case FakeFault::Kind::garbage:
        throw std::runtime_error("garbage");
    }
  }

  FakeRunnerOptions options_;
  std::map<int64_t, Pass> passes_;
  int64_t last_ = 0;
  std::mt19937_64 random_{1};
};

}  // namespace

FakeFault parse_fake_fault(const std::string& text) {
  static const std::map<std::string, FakeFault::Kind> kinds = {{"crash", FakeFault::Kind::crash},
                                                               {"hang", FakeFault::Kind::hang},
                                                               {"out-of-memory", FakeFault::Kind::out_of_memory},
                                                               {"unsupported", FakeFault::Kind::unsupported},
                                                               {"garbage", FakeFault::Kind::garbage}};
  const size_t equals = text.find('=');
  const auto kind = kinds.find(text.substr(0, equals));
  if (equals == text.npos || kind == kinds.end())
    throw Error(
        ErrorKind::invalid_input,
        fmt::format("'{}' is no fault; expected crash, hang, out-of-memory, unsupported or garbage, then =PATTERN", text));
  return {kind->second, text.substr(equals + 1)};
}

int run_fake_runner(std::istream& in, std::ostream& out, const FakeRunnerOptions& options) {
  FakeRunner runner(options);
  for (std::string line; std::getline(in, line);) {
    const json request = json::parse(line, nullptr, false);
    json reply;
    try {
      reply = runner.answer(request);
    } catch (const Error& e) {
      const char* kind = e.kind() == ErrorKind::unsupported   ? "unsupported"
                         : e.kind() == ErrorKind::unavailable ? "out_of_memory"
                                                              : "failed";
      reply = {{"error", kind}, {"message", e.what()}};
    } catch (const json::exception& e) {
      reply = {{"error", "failed"}, {"message", e.what()}};
    } catch (const std::runtime_error& e) {
      out << e.what() << std::endl;
      continue;
    }
    if (request.is_object()) reply["id"] = request.value("id", int64_t{0});
    out << reply.dump() << std::endl;
  }
  return 0;
}

}  // namespace wattlayer
