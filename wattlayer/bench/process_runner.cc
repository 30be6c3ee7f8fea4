#include "wattlayer/bench/process_runner.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "wattlayer/bench/child_process.h"
#include "wattlayer/bench/runner_request.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer {
namespace {

using nlohmann::json;

std::map<std::string, std::string> facts_of(const json& object) {
  std::map<std::string, std::string> facts;
  const json entries = object.value("facts", json::object());
  for (const auto& [key, value] : entries.items()) facts[key] = value.is_string() ? value.get<std::string>() : value.dump();
  return facts;
}

RunnerInfo info_of(const json& reply) {
  RunnerInfo info{.name = reply.at("name").get<std::string>(),
                  .engine = reply.at("engine").get<std::string>(),
                  .version = reply.at("version").get<std::string>(),
                  .facts = facts_of(reply)};
  for (const json& entry : reply.at("devices")) {
    RunnerDevice device{.id = entry.at("id").get<std::string>(), .name = entry.value("name", ""), .facts = facts_of(entry)};
    if (entry.contains("memory_bytes")) device.memory_bytes = entry.at("memory_bytes").get<double>();
    if (entry.contains("cache_bytes")) device.cache_bytes = entry.at("cache_bytes").get<double>();
    info.devices.push_back(std::move(device));
  }
  return info;
}

/// A runner that is another process.
class ProcessRunner final : public Runner {
 public:
  explicit ProcessRunner(const RunnerCommand& command) : command_(command), process_(command.arguments) {
    const json reply = ask({{"do", "hello"}, {"protocol", 1}}, "say hello");
    take([&] {
      if (const int spoken = reply.at("protocol").get<int>(); spoken != 1)
        throw Error(ErrorKind::unavailable,
                    fmt::format("runner {} speaks protocol {}, expected 1; use a runner of this version", command_.name, spoken));
      info_ = info_of(reply);
    });
  }

  const RunnerInfo& info() const override { return info_; }
  bool alive() const override { return alive_; }

  int64_t prepare(const Task& task, const Preparation& preparation) override {
    json request = json::parse(prepare_request(task, preparation));
    request["do"] = "prepare";
    const json reply = ask(std::move(request), "prepare " + task.workload.name);
    int64_t handle = 0;
    take([&] {
      handle = reply.at("handle").get<int64_t>();
      if (reply.contains("bytes")) bytes_[handle] = reply.at("bytes").get<double>();
    });
    names_[handle] = task.workload.name;
    return handle;
  }

  Seconds run(int64_t handle, int64_t passes) override {
    const auto start = std::chrono::steady_clock::now();
    const json reply = ask({{"do", "run"}, {"handle", handle}, {"passes", passes}}, "run " + names_[handle]);
    const double waited = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    Seconds time{0};
    take([&] {
      time = {reply.at("seconds").get<double>()};
      if (command_.device && reply.contains("simulated_joules"))
        command_.device->work(time, {reply.at("simulated_joules").get<double>()});
    });
    if (!reply.contains("simulated_joules") && time.value > 1.01 * waited)
      throw Error(ErrorKind::unavailable,
                  fmt::format("runner {} says that {} passes of {} took {:.3g} s, but it answered after {:.3g} s", command_.name,
                              passes, names_[handle], time.value, waited));
    if (!(time.value > 0))
      throw Error(ErrorKind::unavailable, fmt::format("runner {} says that {} passes of {} took {} s, expected a time above 0",
                                                      command_.name, passes, names_[handle], time.value));
    return time;
  }

  void release(int64_t handle) override {
    ask({{"do", "release"}, {"handle", handle}}, "release " + names_[handle]);
    names_.erase(handle), bytes_.erase(handle);
  }

  std::optional<double> rotated_bytes(int64_t handle) const override {
    const auto found = bytes_.find(handle);
    return found == bytes_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  /// Reads fields of a reply; one that is missing or of another type means that this is no runner.
  template <typename Read>
  void take(Read read) {
    try {
      read();
    } catch (const json::exception& e) {
      abandon(fmt::format("its reply is not as the protocol has it: {}", e.what()));
    }
  }

  [[noreturn]] void abandon(const std::string& why) {
    alive_ = false;
    process_.kill();
    const std::string words = process_.last_words();
    throw Error(ErrorKind::unavailable,
                fmt::format("runner {} {}{}", command_.name, why, words.empty() ? "" : "; its last words: " + words));
  }

  std::string exchange(const std::string& request, const std::string& doing) {
    std::string line;
    auto how_far = process_.write_line(request, command_.answer_within, command_.cancelled);
    if (how_far == ChildProcess::Wait::line) how_far = process_.read_line(line, command_.answer_within, command_.cancelled);
    switch (how_far) {
      case ChildProcess::Wait::line:
        return line;
      case ChildProcess::Wait::timed_out:
        abandon(fmt::format("hung: no answer within {:g} s when asked to {}", command_.answer_within.value, doing));
      case ChildProcess::Wait::cancelled:
        abandon(fmt::format("was stopped on request when asked to {}", doing));
      case ChildProcess::Wait::ended:
        break;
    }
    const std::string how = process_.end();
    abandon(fmt::format("ended with {} when asked to {}{}", how, doing,
                        how.starts_with("signal 9") ? "; it may have run out of memory: the system kills so" : ""));
  }

  json ask(json request, const std::string& doing) {
    if (!alive_) throw Error(ErrorKind::unavailable, fmt::format("runner {} is gone; it was asked to {}", command_.name, doing));
    request["id"] = ++last_id_;
    json reply = json::parse(exchange(request.dump(-1, ' ', false, json::error_handler_t::replace), doing), nullptr, false);
    if (!reply.is_object()) abandon(fmt::format("answered with something that is not a JSON object when asked to {}", doing));
    if (const auto id = reply.find("id"); id == reply.end() || !id->is_number_integer() || id->get<int64_t>() != last_id_)
      abandon(fmt::format("answered another request when asked to {}", doing));
    if (!reply.contains("error")) return reply;
    const std::string error = reply.at("error").is_string() ? reply.at("error").get<std::string>() : "failed";
    const std::string message =
        reply.contains("message") && reply.at("message").is_string() ? reply.at("message").get<std::string>() : "";
    if (error == "unsupported")
      throw Error(ErrorKind::unsupported, fmt::format("runner {} cannot {}: {}", command_.name, doing, message));
    if (error == "out_of_memory")
      throw Error(ErrorKind::unavailable,
                  fmt::format("out of memory when runner {} was to {}: {}", command_.name, doing, message));
    throw Error(ErrorKind::unavailable, fmt::format("runner {} failed to {}: {}", command_.name, doing, message));
  }

  RunnerCommand command_;
  ChildProcess process_;
  RunnerInfo info_;
  std::map<int64_t, std::string> names_;
  std::map<int64_t, double> bytes_;
  int64_t last_id_ = 0;
  bool alive_ = true;
};

}  // namespace

std::unique_ptr<Runner> start_runner(const RunnerCommand& command) { return std::make_unique<ProcessRunner>(command); }

}  // namespace wattlayer
