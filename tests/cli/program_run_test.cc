#include "tests/cli/program_run.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "wattlayer/core/data_files.h"
#include "wattlayer/predict/energy_model.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer::test {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

[[noreturn]] void become_program(const std::vector<std::string>& arguments, const std::filesystem::path& folder) {
  auto redirect = [&](const char* name, int flags, int to) { dup2(open((folder / name).c_str(), flags, 0600), to); };
  redirect("in", O_RDONLY, STDIN_FILENO);
  redirect("out", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  redirect("err", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  const rlimit seconds{600, 600};
  setrlimit(RLIMIT_CPU, &seconds);
  std::vector<char*> argv{const_cast<char*>(WATTLAYER_PROGRAM)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(WATTLAYER_PROGRAM, argv.data());
  _exit(127);
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "wattlayer-test-XXXXXX").string();
  if (!mkdtemp(pattern.data()))
    throw std::runtime_error("cannot make a folder in " + std::filesystem::temp_directory_path().string());
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ScratchFolder::file(const std::string& name, std::string_view content) const {
  const std::filesystem::path path = path_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
  return path.string();
}

ProgramRun run_program(const std::vector<std::string>& arguments, std::string_view input) {
  const ScratchFolder folder;
  folder.file("in", input);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) become_program(arguments, folder.path());
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), content(folder.path() / "out"),
          content(folder.path() / "err")};
}

std::string made_up_energy_model() {
  EnergyModel model;
  const DataFiles files;
  model.hardware_json = *files.read("hardware", "jetson-nano.json");
  model.hardware = parse_hardware(model.hardware_json, "jetson-nano");
  model.engine_json = *files.read("engines", "pytorch.json");
  model.engine = parse_engine(model.engine_json, "pytorch");
  model.scope = "board";
  model.card = R"({"data": "made up for tests"})";
  model.physics->static_w = 10;
  model.physics->time_s[static_cast<size_t>(Count::macs)] = 1e-10;
  model.physics->energy_j[static_cast<size_t>(Count::macs)] = 1e-9;
  model.physics->time_s[static_cast<size_t>(Count::output_bytes)] = 1e-9;
  return model.print();
}

TEST(ProgramRun, SeesExitCodeAndBothStreams) {
  const ProgramRun good = run_program({"--version"});
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_TRUE(good.out.starts_with("wattlayer ")) << good.out;
  EXPECT_EQ(run_program({"no-such-verb"}).exit_code, 2);
}

}  // namespace wattlayer::test
