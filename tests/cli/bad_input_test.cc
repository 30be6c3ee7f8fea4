#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/cli/program_run.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer::test {
namespace {

const std::filesystem::path resnet50 = std::filesystem::path(WATTLAYER_SOURCE_DIR) / "examples" / "resnet50.onnx";

std::string network_bytes() { return read_text_file(resnet50); }

/// Refused in one sentence that names the file, or read to the end; never a crash, never half an output.
void expect_sound(const ProgramRun& run, const std::string& what) {
  SCOPED_TRACE(what);
  EXPECT_TRUE(run.exit_code == 0 || run.exit_code == 1) << run.exit_code << run.err;
  if (run.exit_code == 0) {
    EXPECT_TRUE(nlohmann::json::accept(run.out));
    return;
  }
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  EXPECT_NE(run.err.find("net.onnx"), run.err.npos) << run.err;
  EXPECT_EQ(run.err.find("internal"), run.err.npos) << run.err;
}

class BadNetwork : public testing::Test {
 protected:
  ProgramRun inspect(const std::string& bytes) const {
    return run_program({"inspect", folder.file("net.onnx", bytes), "--json"});
  }

  ScratchFolder folder;
};

TEST_F(BadNetwork, APipeIsRefusedAndDoesNotHang) {
  const ProgramRun run = run_program({"inspect", "/dev/null"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.err.find("pipe or a device"), run.err.npos) << run.err;
}

TEST_F(BadNetwork, AnOutputNeverTakesThePlaceOfAnInput) {
  const std::string net = folder.file("net.onnx", network_bytes()), page = (folder.path() / "page.html").string();
  std::filesystem::create_symlink(net, folder.path() / "link.onnx");
  for (const std::string& file : {net, (folder.path() / "." / "net.onnx").string(), (folder.path() / "link.onnx").string()})
    for (const char* option : {"--html", "-o"}) {
      const ProgramRun run = run_program({"estimate", net, "--on", "jetson-nano", option, file});
      EXPECT_EQ(run.exit_code, 2) << option << file;
      EXPECT_NE(run.err.find("would be lost"), run.err.npos) << run.err;
    }
  EXPECT_EQ(read_text_file(net), network_bytes());
  EXPECT_EQ(run_program({"estimate", net, "--on", "jetson-nano", "--html", page, "-o", page}).exit_code, 2);
  EXPECT_EQ(run_program({"estimate", net, "--on", "jetson-nano", "--html", "/dev/null", "-o", "/dev/null"}).exit_code, 0);
}

TEST_F(BadNetwork, AnEmptyOptionIsNotTakenForNone) {
  for (const char* option : {"--grid", "--price", "--html", "--on"}) {
    const ProgramRun run = run_program({"estimate", resnet50.string(), "--on", "jetson-nano", option, ""});
    EXPECT_EQ(run.exit_code, 2) << option;
    EXPECT_NE(run.err.find(std::string(option) + ": is empty"), run.err.npos) << run.err;
  }
}

TEST_F(BadNetwork, WholeFileIsRead) { EXPECT_EQ(inspect(network_bytes()).exit_code, 0); }

TEST_F(BadNetwork, EmptyTextAndForeignFiles) {
  for (const std::string& bytes : {std::string(), std::string("hello, world\n"), std::string("{\"a\": 1}"),
                                   std::string("PK\x03\x04"), std::string(4096, '\0'), std::string(4096, '\xff')}) {
    const ProgramRun run = inspect(bytes);
    EXPECT_EQ(run.exit_code, 1) << bytes.substr(0, 20);
    expect_sound(run, bytes.substr(0, 20));
  }
}

TEST_F(BadNetwork, Truncated) {
  const std::string whole = network_bytes();
  for (size_t parts = 1; parts < 12; ++parts) {
    const ProgramRun run = inspect(whole.substr(0, whole.size() * parts / 12));
    EXPECT_EQ(run.exit_code, 1);
    expect_sound(run, std::to_string(parts) + " of 12 parts");
  }
}

TEST_F(BadNetwork, BytesOverwritten) {
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    std::string bytes = network_bytes();
    for (int i = 0; i < 1 + round; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    expect_sound(inspect(bytes), "round " + std::to_string(round));
  }
}

TEST_F(BadNetwork, NestedDeeply) {
  // Every message says that it holds one more of field 7 (a graph), of the rest of the file.
  std::string bytes;
  for (int depth = 0; depth < 20000; ++depth) {
    std::string length;
    for (size_t n = bytes.size(); true; n >>= 7) {
      length += static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
      if (n <= 0x7f) break;
    }
    bytes = "\x3a" + length + bytes;
    if (bytes.size() > 100000) break;
  }
  expect_sound(inspect(bytes), "nested");
}

TEST_F(BadNetwork, ImpossibleShapesAndDimensions) {
  const std::string file = resnet50.string();
  auto refused = [](const ProgramRun& run, int code) {
    EXPECT_EQ(run.exit_code, code) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  };
  refused(run_program({"inspect", file, "--input", "input=1x3x2"}), 1);
  refused(run_program({"inspect", file, "--input", "no_such_input=1x3x224x224"}), 1);
  refused(run_program({"inspect", file, "--input", "input"}), 2);
  refused(run_program({"inspect", file, "--input", "input=1x3xfoo"}), 2);
  refused(run_program({"inspect", file, "--input", "input=1x3x-5x5"}), 2);
  refused(run_program({"inspect", file, "--dim", "seq=99999999999999999999999"}), 2);
  refused(run_program({"inspect", file, "--batch", "-1"}), 2);
}

TEST(BadInput, UsageErrorsNameTheirVerb) {
  const auto run = run_program({"training", "project", "--nope"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, "wattlayer training project: FILE is required; see: wattlayer training project --help\n");
}

}  // namespace
}  // namespace wattlayer::test
