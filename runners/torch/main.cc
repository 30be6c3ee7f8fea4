// A runner of wattlayer on libtorch: reads requests of the runner protocol, version 1, from its standard input, one JSON object a
// line, and writes a reply for each.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <map>

#include "failure.h"
#include "machine.h"
#include "program.h"

namespace {

using namespace runner;
using nlohmann::json;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// The protocol's word for an error of libtorch, which tells most of them apart by their text alone.
std::string kind_of(const c10::Error& error, const std::string& text) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) return "out_of_memory";
  for (const char* words : {"out of memory", "can't allocate memory", "not enough memory"})
    if (text.find(words) != std::string::npos) return "out_of_memory";
  for (const char* words : {"not implemented for", "not implemented on", "Could not run", "is not supported", "not supported on"})
    if (text.find(words) != std::string::npos) return "unsupported";
  return "failed";
}

class Session {
 public:
  explicit Session(bool captures) : captures_(captures) {
    for (json& device : devices())
      if (!captures_ || device["id"] != "cpu") devices_.push_back(std::move(device));
  }

  json answer(const json& request) {
    const std::string what = request.at("do").get<std::string>();
    if (what == "hello") return hello();
    if (what == "prepare") return prepare(request);
    if (what == "run") return {{"seconds", program(request).run(request.at("passes").get<int64_t>())}};
    if (what == "outputs") return {{"outputs", program(request).write_outputs(request.at("folder").get<std::string>())}};
    if (what == "release") {
      program(request);
      programs_.erase(request.at("handle").get<int64_t>());
      return json::object();
    }
    throw Failure("unsupported", "no request is called " + what);
  }

 private:
  json hello() const {
    return {{"protocol", 1},
            {"name", captures_ ? "torch-cuda-graph" : "torch"},
            {"engine", captures_ ? "libtorch-cuda-graph" : "libtorch"},
            {"version", version()},
            {"devices", devices_},
            {"facts", facts()}};
  }

  json prepare(const json& request) {
    const std::string id = request.at("device").get<std::string>();
    Limits limits;
    bool found = false;
    for (const json& device : devices_)
      if (device["id"] == id || (id == "cuda" && device["id"] == "cuda:0")) {
        found = true;
        limits.cache_bytes = device.value("cache_bytes", 0.0);
      }
    if (!found) throw Failure("unsupported", "no device " + id + " here");
    if (id == "cpu") limits.memory_bytes = free_memory_bytes();
    auto made = std::make_unique<Program>(request, limits, captures_);
    const int64_t handle = ++last_handle_;
    const Program& kept = *(programs_[handle] = std::move(made));
    return {{"handle", handle}, {"bytes", kept.bytes()}, {"copies", kept.copies()}};
  }

  Program& program(const json& request) {
    const auto found = programs_.find(request.at("handle").get<int64_t>());
    if (found == programs_.end()) throw Failure("failed", "no task has handle " + request.at("handle").dump());
    return *found->second;
  }

  bool captures_;
  json devices_ = json::array();
  std::map<int64_t, std::unique_ptr<Program>> programs_;
  int64_t last_handle_ = 0;
};

json reply_to(Session& session, const std::string& line) {
  json request, reply;
  try {
    request = json::parse(line);
    reply = session.answer(request);
  } catch (const Failure& e) {
    reply = {{"error", e.kind()}, {"message", e.what()}};
  } catch (const c10::Error& e) {
    const std::string text = e.what_without_backtrace();
    reply = {{"error", kind_of(e, text)}, {"message", first_line(text)}};
  } catch (const std::bad_alloc&) {
    reply = {{"error", "out_of_memory"}, {"message", "the process has no more memory"}};
  } catch (const std::exception& e) {
    reply = {{"error", "failed"}, {"message", first_line(e.what())}};
  }
  if (request.is_object() && request.contains("id")) reply["id"] = request["id"];
  return reply;
}

}  // namespace

int main(int argc, char** argv) {
  bool captures = false;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) != "--cuda-graph") {
      std::fprintf(stderr, "usage: wattlayer-runner-torch [--cuda-graph]\n");
      return 2;
    }
    captures = true;
  }
  if (captures && !can_capture()) {
    std::fprintf(stderr, "wattlayer-runner-torch: built without CUDA's headers, --cuda-graph is not there\n");
    return 2;
  }
  // Libraries may print: only replies go to the real standard output.
  std::FILE* replies = fdopen(dup(1), "w");
  dup2(2, 1);
  const c10::InferenceMode inference;
  Session session(captures);
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty()) continue;
    std::fprintf(replies, "%s\n", reply_to(session, line).dump(-1, ' ', false, json::error_handler_t::replace).c_str());
    std::fflush(replies);
  }
}
