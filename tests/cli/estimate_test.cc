#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

constexpr const char* conv = "Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1 dtype=f32";
constexpr double conv_macs = 64.0 * 56 * 56 * 64 * 9;

class EstimateVerb : public testing::Test {
 protected:
  /// Estimate with the made-up energy model.
  ProgramRun estimate(std::vector<std::string> arguments, std::string_view input = {}) const {
    arguments.insert(arguments.begin(), {"estimate", "--on", model});
    return run_program(arguments, input);
  }
  /// One sentence on standard error, nothing on standard output, exit 1.
  static void expect_refused(const ProgramRun& run, const std::string& wanted) {
    EXPECT_EQ(run.exit_code, 1) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_NE(run.err.find(wanted), run.err.npos) << run.err;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  }

  ScratchFolder folder;
  std::string model = folder.file("made-up.wlm", made_up_energy_model());
};

TEST_F(EstimateVerb, SingleLayer) {
  const ProgramRun run = estimate({"--layer", conv, "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json e = Json::parse(run.out).at("estimates").at(0);
  EXPECT_EQ(e.at("network"), conv);
  EXPECT_EQ(e.at("scope"), "board");
  EXPECT_EQ(e.at("macs"), conv_macs);
  const double energy = e.at("energy_j").at("value");
  EXPECT_GT(energy, conv_macs * 1e-9);
  EXPECT_LT(energy, conv_macs * 1e-8);
  EXPECT_LT(e.at("energy_j").at("low"), energy);
  EXPECT_GT(e.at("energy_j").at("high"), energy);
}

TEST_F(EstimateVerb, ListOfLayersCountsEqualLinesOnce) {
  const std::string list =
      folder.file("small.txt", std::string("# a comment\n\n") + conv + "\nRelu 1x64x56x56  # another\r\n" + conv + "\n");
  const ProgramRun run = estimate({list, "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json e = Json::parse(run.out).at("estimates").at(0);
  EXPECT_EQ(e.at("network"), "small");
  EXPECT_EQ(e.at("file"), list);
  ASSERT_EQ(e.at("layers").size(), 2u);
  EXPECT_EQ(e.at("layers").at(0).at("count"), 2);
  EXPECT_EQ(e.at("layers").at(0).at("macs"), 2 * conv_macs);
}

TEST_F(EstimateVerb, ListFromStandardInput) {
  const ProgramRun run = estimate({"-", "--csv"}, std::string(conv) + "\n");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 2) << run.out;
}

TEST_F(EstimateVerb, SeveralNetworksPrintOneRowEach) {
  const std::string list = folder.file("small.txt", conv);
  const ProgramRun run = estimate({list, list, "--layer", "Relu 1x8"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 4) << run.out;
  EXPECT_EQ(run.out.find('\033'), run.out.npos) << "colour without a terminal";
}

TEST_F(EstimateVerb, WritesToAFile) {
  const std::string out = (folder.path() / "out.json").string();
  const ProgramRun run = estimate({"--layer", conv, "--json", "-o", out});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_GT(std::filesystem::file_size(out), 100u);
  expect_refused(estimate({"--layer", conv, "-o", "/no/such/folder/x"}), "cannot write /no/such/folder/x");
}

TEST_F(EstimateVerb, RefusesWithOneSentence) {
  const std::string bad = folder.file("bad.txt", std::string(conv) + "\nConv 1xax3\n");
  expect_refused(estimate({bad}), "bad.txt line 2");
  expect_refused(estimate({folder.file("none.txt", "# nothing\n")}), "no layer in it");
  expect_refused(estimate({folder.file("x.txt", conv), "--batch", "32"}), "fixed");
  expect_refused(estimate({"no-such.onnx"}), "cannot read no-such.onnx: no such file");
  expect_refused(estimate({folder.path().string()}), "it is a folder");
  expect_refused(estimate({"--layer", "Relu 1x2 dtype=f31"}), "f31");
}

TEST_F(EstimateVerb, OneBadNetworkLeavesNoHalfOutput) {
  expect_refused(estimate({folder.file("x.txt", conv), folder.file("bad.txt", "Conv 1")}), "bad.txt line 1");
}

TEST_F(EstimateVerb, UnknownTargets) {
  auto on = [](const std::string& target, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"estimate", "--layer", conv, "--on", target});
    return run_program(more);
  };
  expect_refused(on("xeon-gold-512"), "unknown hardware 'xeon-gold-512'");
  expect_refused(on("xeon-gold-512"), "xeon-gold-5120");
  expect_refused(on("a/b/c/d"), "expected HARDWARE[/ENGINE[/DTYPE]]");
  expect_refused(on("no-such.wlm"), "cannot read no-such.wlm");
  expect_refused(on(folder.file("broken.wlm", "{")), "broken.wlm");
  expect_refused(on(folder.file("empty.wlm", "")), "empty.wlm");
  expect_refused(on(model, {"--dtype", "f17"}), "f17");
  expect_refused(on(model, {"--dtype", "f16"}), "is an energy model for f32, not f16");
}

TEST_F(EstimateVerb, AShortNameStandsForTheOnlyMeasuredHardware) {
  const ProgramRun run = run_program({"estimate", "--layer", conv, "--on", "a100/pytorch/f32", "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.err.find("a100 is taken for a100-sxm"), run.err.npos) << run.err;
  EXPECT_EQ(Json::parse(run.out)["estimates"][0]["hardware"], "a100-sxm");
  expect_refused(run_program({"estimate", "--layer", conv, "--on", "rtx"}),
                 "unknown hardware 'rtx'");  // several measured ones begin so
}

TEST_F(EstimateVerb, UsageErrorsExitWith2) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{{},
                                                                                         {"--batch", "0", "--layer", conv},
                                                                                         {"--batch", "x", "--layer", conv},
                                                                                         {"--layer", conv, "--json", "--csv"},
                                                                                         {"--no-such-option"},
                                                                                         {"--layer", conv, "--top", "-1"}}) {
    const ProgramRun run = estimate(arguments);
    EXPECT_EQ(run.exit_code, 2) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_NE(run.err, "");
  }
  EXPECT_EQ(run_program({"estimate", "--layer", conv}).exit_code, 2) << "--on is missing";
}

TEST_F(EstimateVerb, ListOfNetworksPrintsOneLineEach) {
  const std::string list = folder.file("many.txt", "# networks\nnet:vgg11\n\n  net:mobilenet_v1?width=0.5,resolution=160 \r\n");
  const ProgramRun csv = estimate({"--list", list, "--csv"});
  ASSERT_EQ(csv.exit_code, 0) << csv.err;
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 3) << csv.out;
  EXPECT_NE(csv.out.find("\nnet:vgg11,"), csv.out.npos) << csv.out;
  EXPECT_NE(csv.out.find("\n\"net:mobilenet_v1?width=0.5,resolution=160\","), csv.out.npos) << csv.out;
  const ProgramRun table = estimate({"--list", list});
  ASSERT_EQ(table.exit_code, 0) << table.err;
  EXPECT_NE(table.out.find("net:vgg11"), table.out.npos) << table.out;
}

TEST_F(EstimateVerb, ListOfNetworksSaysWhatOneNetworkSays) {
  const std::string layers = folder.file("one.txt", conv);
  const std::string list = folder.file("many.txt", "net:mobilenet_v2\n" + layers + "\n");
  const Json many = Json::parse(estimate({"--list", list, "--json"}).out).at("estimates");
  const Json each = Json::parse(estimate({"net:mobilenet_v2", layers, "--json"}).out).at("estimates");
  ASSERT_EQ(many.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    for (const char* field : {"network", "file", "batch", "energy_j", "time_s", "power_w", "coverage", "macs", "parameters"})
      EXPECT_EQ(many[i].at(field), each[i].at(field)) << field;
    EXPECT_FALSE(many[i].contains("layers"));
  }
  const Json batches = Json::parse(estimate({"--list", folder.file("a.txt", "net:vgg11\n"), "--json", "--batch", "1,4"}).out);
  EXPECT_EQ(batches.at("estimates").at(1).at("batch"), 4);
}

TEST_F(EstimateVerb, BadLinesOfAListAreNamedAndTheOthersGoOn) {
  const std::string list = folder.file("many.txt", "net:vgg11\nnet:vgg12\n# fine\nmissing.onnx\nnet:vgg13\n");
  const ProgramRun run = estimate({"--list", list, "--json"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.err.find("many.txt line 2: network 'vgg12'"), run.err.npos) << run.err;
  EXPECT_NE(run.err.find("many.txt line 4: cannot read missing.onnx"), run.err.npos) << run.err;
  const Json json = Json::parse(run.out);
  EXPECT_EQ(json.at("estimates").size(), 2u);
  EXPECT_EQ(json.at("failures").at(1).at("line"), 4);
  expect_refused(estimate({"--list", folder.file("empty.txt", "# nothing\n")}), "no network in it");
  EXPECT_EQ(estimate({"--list", list, "net:vgg11"}).exit_code, 2);
  EXPECT_EQ(estimate({"--list", list, "--top", "3"}).exit_code, 2);
}

}  // namespace
}  // namespace wattlayer::test
