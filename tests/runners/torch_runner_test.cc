#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "tests/shared_folder.h"
#include "tests/temporary_folder.h"
#include "wattlayer/bench/process_runner.h"
#include "wattlayer/bench/runner_request.h"
#include "wattlayer/bench/task.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

namespace fs = std::filesystem;
const std::string source = WATTLAYER_SOURCE_DIR, page = source + "/docs/runner_torch.md";

/// The runner's program: WATTLAYER_RUNNER_TORCH, or the one that was built beside this build.
std::optional<std::string> runner_program() {
  const char* given = std::getenv("WATTLAYER_RUNNER_TORCH");
  const fs::path built = given ? fs::path(given) : fs::path(WATTLAYER_BUILD_DIR) / "../runner-torch/wattlayer-runner-torch";
  return fs::exists(built) ? std::optional(fs::canonical(built).string()) : std::nullopt;
}

std::string python() {
  const char* given = std::getenv("WATTLAYER_PYTHON");
  return given ? given : "python3";
}

bool imports(const std::string& modules) {
  return std::system((python() + " -c 'import " + modules + "' 2> /dev/null").c_str()) == 0;
}

/// Runs a command of the shell; fails with what it printed.
void expect_success(const std::string& command) {
  const TemporaryFolder folder;
  const fs::path log = folder / "log";
  const int status = std::system(("(" + command + ") > " + log.string() + " 2>&1").c_str());
  std::ifstream in(log);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(status, 0) << text.substr(text.size() > 4000 ? text.size() - 4000 : 0);
}

/// Skipped loudly where the runner has not been built.
class TorchRunner : public testing::Test {
 protected:
  void SetUp() override {
    const auto found = runner_program();
    if (!found)
      GTEST_SKIP() << "no wattlayer-runner-torch; build it: cmake -S runners/torch -B build/runner-torch && cmake --build "
                      "build/runner-torch (or set WATTLAYER_RUNNER_TORCH)";
    program = *found;
  }

  std::string program;
};

TEST(TorchRunnerPage, NamesEveryOperatorThatHasACall) {
  expect_success("python3 " + source + "/tools/runner_torch_table.py " WATTLAYER_RUNNER_REQUEST " --fresh " + page);
}

TEST_F(TorchRunner, RunsEveryExampleWithOurShapes) {
  expect_success("python3 " + source + "/tools/runner_torch_table.py " WATTLAYER_RUNNER_REQUEST " --verify --runner " + program);
}

TEST_F(TorchRunner, NetworksAgreeWithOnnxRuntime) {
  if (!imports("onnx, onnxruntime, numpy"))
    GTEST_SKIP() << python() << " cannot import onnx, onnxruntime and numpy; install them or set WATTLAYER_PYTHON";
  std::string command = python() + " " + source + "/tools/check_network_outputs.py " WATTLAYER_RUNNER_REQUEST " " + program +
                        " " + source + "/examples/resnet50.onnx --dim seq=12";
  for (const char* file :
       {"networks/cnn_7", "networks/cnn_18", "networks/functions_18", "networks/transformer_17", "networks/transformer_23",
        "batch/lstm_batch4", "batch/queries_batch1", "batch/shuffle_batch1", "batch/vit_batch4", "batch/windows_batch4"})
    command += " " + source + "/tests/data/" + file + ".onnx";
  if (const auto shared = shared_folder()) command += " --every 20 --zoo " + (*shared / "zoo").string();
  expect_success(command);
}

RunnerCommand command_of(const std::string& program) { return {.name = "torch", .arguments = {program}, .answer_within = {120}}; }

ErrorKind kind_of_failure(Runner& runner, const std::string& layer, const Preparation& preparation = {}) {
  try {
    runner.prepare(layer_task(parse_layer(layer)), preparation);
  } catch (const Error& e) {
    return e.kind();
  }
  return ErrorKind::internal;
}

TEST_F(TorchRunner, MeasuresPassesOfALayer) {
  const auto runner = start_runner(command_of(program));
  EXPECT_EQ(runner->info().engine, "libtorch");
  ASSERT_FALSE(runner->info().devices.empty());
  EXPECT_GT(runner->info().devices[0].cache_bytes.value_or(0), 1e5);
  const int64_t small = runner->prepare(layer_task(parse_layer("MatMul 64x256 256x256")), {.threads = 1});
  const int64_t large = runner->prepare(layer_task(parse_layer("MatMul 256x1024 1024x1024")), {.threads = 1});
  runner->run(small, 10), runner->run(large, 10);
  EXPECT_GT(runner->run(large, 20).value, 4 * runner->run(small, 20).value);  // 64 times the work
  runner->release(small);
  EXPECT_THROW(runner->run(small, 1), Error);
  EXPECT_GT(runner->run(large, 1).value, 0);
}

TEST_F(TorchRunner, RefusesInPlaceWhatWouldEatItsOwnInput) {
  // HardSwish in place turned the random input into zeros within 150 passes, and all windows ran on zeros.
  const auto runner = start_runner(command_of(program));
  EXPECT_EQ(kind_of_failure(*runner, "HardSwish 1x16x112x112 inplace"), ErrorKind::unsupported);
  for (const char* layer :
       {"HardSwish 1x16x112x112", "Relu 1x16x112x112 inplace", "Clip 1x16x112x112 [0.0]@scalar [6.0]@scalar inplace"})
    EXPECT_GT(runner->run(runner->prepare(layer_task(parse_layer(layer)), {}), 3).value, 0) << layer;
}

TEST_F(TorchRunner, GoesOnAfterWhatItCannotDo) {
  const auto runner = start_runner(command_of(program));
  EXPECT_EQ(kind_of_failure(*runner, "GlobalLpPool 1x512x7x7"), ErrorKind::unsupported);
  EXPECT_EQ(kind_of_failure(*runner, "Relu 1x64", {.dtype = DataType::tf32}), ErrorKind::unsupported);
  EXPECT_EQ(kind_of_failure(*runner, "Relu 1x64", {.device = "cuda:9"}), ErrorKind::unsupported);
  EXPECT_EQ(kind_of_failure(*runner, "Relu 1x64x1000000x1000000"), ErrorKind::unavailable);
  EXPECT_EQ(kind_of_failure(*runner, "MatMul 1000000x1 1x1000000"), ErrorKind::unavailable);
  EXPECT_TRUE(runner->alive());
  const int64_t handle = runner->prepare(layer_task(parse_layer("Relu 1x64x56x56")), {});
  EXPECT_GT(runner->run(handle, 3).value, 0);
}

TEST_F(TorchRunner, ComputesInSmallerTypes) {
  const auto runner = start_runner(command_of(program));
  for (const char* layer : {"MatMul 64x256 256x256 dtype=bf16", "Conv 1x8x16x16 8x8x3x3 dtype=bf16", "Relu 1x64 dtype=f64"}) {
    const Layer parsed = parse_layer(layer);
    EXPECT_GT(runner->run(runner->prepare(layer_task(parsed), {.dtype = parsed.dtype}), 2).value, 0) << layer;
  }
}

using Json = nlohmann::json;

/// Sends lines to a runner and reads its replies.
std::vector<Json> replies_to(const std::string& program, const std::vector<std::string>& lines) {
  const TemporaryFolder folder;
  std::ofstream out(folder / "requests");
  for (const std::string& line : lines) out << line << '\n';
  out.close();
  const std::string to = (folder / "replies").string();
  EXPECT_EQ(std::system((program + " < " + (folder / "requests").string() + " > " + to).c_str()), 0);
  std::ifstream in(to);
  std::vector<Json> replies;
  for (std::string line; std::getline(in, line);) replies.push_back(Json::parse(line));
  return replies;
}

std::string prepare_line(const Task& task, bool warm_cache) {
  Json request = Json::parse(prepare_request(task, {.warm_cache = warm_cache, .threads = 1}));
  request["id"] = 1;
  request["do"] = "prepare";
  return request.dump();
}

TEST_F(TorchRunner, RotatesThroughMoreThanTheCacheHolds) {
  const Task task = layer_task(parse_layer("MatMul 256x256 256x256"));
  const auto replies =
      replies_to(program, {R"({"id": 1, "do": "hello", "protocol": 1})", prepare_line(task, false), prepare_line(task, true)});
  ASSERT_EQ(replies.size(), 3);
  const double cache = replies[0]["devices"][0]["cache_bytes"], one = 2 * 4 * 256 * 256;
  EXPECT_GT(replies[1]["copies"].get<double>() * one, cache);
  EXPECT_LT((replies[1]["copies"].get<double>() - 1) * one, cache + 1);
  EXPECT_EQ(replies[1]["bytes"].get<double>(), replies[1]["copies"].get<double>() * one);
  EXPECT_EQ(replies[2]["copies"], 1);
}

TEST_F(TorchRunner, AnswersWhatIsNoRequest) {
  const auto replies = replies_to(
      program, {"{", R"({"id": 2})", R"({"id": 3, "do": "run", "handle": 7, "passes": 1})", R"({"id": 4, "do": "dance"})"});
  ASSERT_EQ(replies.size(), 4);
  EXPECT_EQ(replies[0]["error"], "failed");
  EXPECT_EQ(replies[1]["id"], 2);
  EXPECT_EQ(replies[2]["error"], "failed");
  EXPECT_EQ(replies[3]["error"], "unsupported");
}

/// -x, seen through a Reshape, goes into a Relu in place, and is read again after it.
TEST_F(TorchRunner, InPlaceSparesWhatIsReadLater) {
  Task task{.graph = {.name = "n", .values = {"x", "a", "b", "c", "d"}, .outputs = {4}}};
  Layer neg = parse_layer("Neg 4"), view = parse_layer("Reshape 4 [2,2]"), relu = parse_layer("Relu 2x2"),
        add = parse_layer("Add 2x2 2x2");
  neg.inputs[0].value = std::make_shared<const Value>(Value::of(std::vector<double>{1, -2, 3, -4}));
  relu.in_place = true;
  task.graph.nodes.push_back({.name = "neg", .layer = neg, .inputs = {0}, .outputs = {1}});
  task.graph.nodes.push_back({.name = "view", .layer = view, .inputs = {1, -1}, .outputs = {2}});
  task.graph.nodes.push_back({.name = "relu", .layer = relu, .inputs = {2}, .outputs = {3}});
  task.graph.nodes.push_back({.name = "add", .layer = add, .inputs = {2, 3}, .outputs = {4}});
  const TemporaryFolder folder;
  const std::string ask = R"({"id": 2, "do": "outputs", "handle": 1, "folder": ")" + folder.path().string() + "\"}";
  const auto replies = replies_to(program, {prepare_line(task, true), ask});
  ASSERT_EQ(replies.size(), 2);
  ASSERT_TRUE(replies[1].contains("outputs")) << replies[0] << replies[1];
  std::ifstream in(replies[1]["outputs"][0]["file"].get<std::string>(), std::ios::binary);
  float d[4];
  in.read(reinterpret_cast<char*>(d), sizeof d);
  EXPECT_EQ(std::vector<float>(d, d + 4), (std::vector<float>{-1, 4, -3, 8}));
}

/// Builds the runner alone as a user would; the folder holds a torch package of Python.
TEST(TorchRunnerBuild, WorksAgainstTorchTwo) {
  const char* torch = std::getenv("WATTLAYER_TORCH2");
  if (!torch) GTEST_SKIP() << "no torch of version 2; set WATTLAYER_TORCH2 to its folder (.../site-packages/torch)";
  const TemporaryFolder folder;
  const std::string built = (folder / "wattlayer-runner-torch").string();
  expect_success(source + "/runners/torch/build.sh --torch " + torch + " --output " + built);
  expect_success("python3 " + source + "/tools/runner_torch_table.py " WATTLAYER_RUNNER_REQUEST " --verify --runner " + built);
}

}  // namespace
}  // namespace wattlayer
