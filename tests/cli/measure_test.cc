#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

constexpr const char* conv = "Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1 dtype=f32";

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST(MeasureVerb, MeasuresANetworkOnTheFakeRunner) {
  const ProgramRun run = run_program({"measure", "net:alexnet", "--runner", "fake", "--batch", "1,8", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json json = Json::parse(run.out);
  ASSERT_EQ(json.at("measurements").size(), 2u);
  const Json &one = json.at("measurements")[0], &row = one.at("rows").at(0);
  EXPECT_EQ(one.at("name"), "alexnet");
  EXPECT_EQ(json.at("measurements")[1].at("batch"), 8);
  EXPECT_EQ(row.at("meter"), "fake:board");
  EXPECT_EQ(row.at("method"), "counter");
  EXPECT_NEAR(row.at("idle_power_w").get<double>(), 30, 0.1);
  const double above = row.at("energy_j").get<double>() - row.at("idle_power_w").get<double>() * row.at("time_s").get<double>();
  EXPECT_NEAR(row.at("energy_above_idle_j").get<double>(), above, 1e-12);
  EXPECT_GE(row.at("windows").get<int>(), 8);
  EXPECT_LE(row.at("energy_ci95_j").get<double>(), 0.02 * row.at("energy_j").get<double>());
}

TEST(MeasureVerb, PrintsATableForPeople) {
  const ProgramRun one = run_program({"measure", "--layer", conv, "--runner", "fake"});
  ASSERT_EQ(one.exit_code, 0) << one.err;
  for (const char* part : {"energy per pass", "above idle", "time per pass", "power at rest", "passes",
                           "fake:board, scope board, method counter", "throttled", "a simulated device: nothing was measured"})
    EXPECT_TRUE(has(one.out, part)) << part << "\n" << one.out;
  EXPECT_EQ(one.err, "");  // no progress where standard error is no terminal
  const ProgramRun several = run_program({"measure", "net:alexnet", "net:vgg11", "--by-layer", "--runner", "fake"});
  EXPECT_TRUE(has(several.out, "MEASURED")) << several.out;
  EXPECT_TRUE(has(several.out, "\nConv 1x3x224x224")) << several.out;
}

TEST(MeasureVerb, TimeOnlyWhereNothingMeters) {
  const ProgramRun run = run_program({"measure", "--layer", conv, "--runner", "fake", "--meter", "none", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json row = Json::parse(run.out).at("measurements")[0].at("rows").at(0);
  EXPECT_TRUE(row.at("energy_j").is_null());
  EXPECT_TRUE(row.at("method").is_null());
  EXPECT_GT(row.at("time_s").get<double>(), 0);
}

TEST(MeasureVerb, KeepsRowsInAStore) {
  ScratchFolder folder;
  const std::string store = (folder.path() / "m.db").string();
  const std::vector<std::string> command = {"measure",
                                            "net:alexnet",
                                            "--by-layer",
                                            "--runner",
                                            "fake",
                                            "--db",
                                            store,
                                            "--hardware",
                                            "jetson-nano",
                                            "--runner-option",
                                            "fault=unsupported=MaxPool 1x64x55x55"};
  const ProgramRun run = run_program(command);
  EXPECT_EQ(run.exit_code, 1) << run.err;  // one task failed, and that is said
  EXPECT_TRUE(has(run.out, "failed: ")) << run.out;
  const ProgramRun rows = run_program({"export", "--db", store});
  ASSERT_EQ(rows.exit_code, 0) << rows.err;
  EXPECT_TRUE(has(rows.out, "measured,")) << rows.out;
  EXPECT_TRUE(has(rows.out, "as it was told to be"));
  EXPECT_TRUE(has(rows.out, ",simulated,f32,"));
  EXPECT_TRUE(has(rows.out, "wattlayer 0."));
}

TEST(MeasureVerb, ACrashCostsOneTask) {
  const ProgramRun run = run_program({"measure", "net:alexnet", "net:vgg11", "net:resnet18", "--runner", "fake",
                                      "--runner-option", "fault=crash=vgg11", "--json"});
  EXPECT_EQ(run.exit_code, 1);
  const Json all = Json::parse(run.out).at("measurements");
  EXPECT_EQ(all[0].at("rows").size() + all[2].at("rows").size(), 2u);
  EXPECT_TRUE(has(all[1].at("failure").get<std::string>(), "signal 6")) << all[1];
}

TEST(MeasureVerb, FixedPassesAndTheErrorCurve) {
  const ProgramRun fixed = run_program({"measure", "net:alexnet", "--runner", "fake", "--fixed", "4000", "--json"});
  const Json row = Json::parse(fixed.out).at("measurements")[0].at("rows").at(0);
  EXPECT_EQ(row.at("passes"), 4000);
  EXPECT_EQ(row.at("windows"), 1);
  EXPECT_TRUE(row.at("energy_ci95_j").is_null());
  ScratchFolder folder;
  const std::string csv = (folder.path() / "curve.csv").string(), json = (folder.path() / "curve.json").string();
  const ProgramRun curve = run_program({"measure", "net:alexnet", "--runner", "fake", "--error-curve", csv});
  ASSERT_EQ(curve.exit_code, 0) << curve.err;
  EXPECT_TRUE(has(curve.out, "MEDIAN ERROR"));
  EXPECT_TRUE(has(text_of(csv), "passes,tries,time_s,median_error,max_error\n1,9,")) << text_of(csv);
  run_program({"measure", "net:alexnet", "--runner", "fake", "--error-curve", json});
  EXPECT_EQ(Json::parse(text_of(json)).at("points").at(2).at("passes"), 5);
}

TEST(MeasureVerb, RefusesWhatIsWrong) {
  const std::vector<std::tuple<std::vector<std::string>, int, std::string>> cases = {
      {{"measure"}, 2, "NETWORK, --layer, --exec or -- COMMAND"},
      {{"measure", "net:alexnet", "--exec", "true"}, 2, "measures a command, not a network"},
      {{"measure", "net:alexnet", "--runner", "fake", "--prom", "x.prom"}, 2, "--prom: goes with --exec"},
      {{"measure", "--db", "x.db", "--", "true"}, 2, "--db: does not go with a command"},
      {{"measure", "net:alexnet", "--runner", "fake", "--db", "/"}, 1, "cannot open the store /"},
      {{"measure", "net:alexnet", "--runner", "fake", "-o", "/"}, 1, "it is a folder"},
      {{"measure", "net:alexnet", "--runner", "fake", "--db", "x.db", "--hardware", "abacus"}, 1, "abacus"},
      {{"measure", "net:alexnet", "--runner", "none-such"}, 1, "wattlayer-runner-none-such"},
      {{"measure", "net:alexnet", "--runner", "fake", "--meter", "abacus:0"}, 1, "abacus"},
      {{"measure", "net:alexnet", "--runner", "fake", "--meter-setting", "watts"}, 1, "KEY=VALUE"},
      {{"measure", "net:alexnet", "--runner", "fake", "--tolerance", "0"}, 2, "--tolerance"},
      {{"measure", "net:alexnet", "net:vgg11", "--runner", "fake", "--error-curve", "-"}, 1, "one network or layer"},
      {{"measure", "--layer", "Relu 1x8 dtype=f32", "--layer", "Relu 1x8 dtype=f16", "--runner", "fake"}, 1, "f32 and f16"},
      {{"measure", "--meter", "constant:watts", "--", "true"}, 1, "constant.watts"},
  };
  for (const auto& [arguments, code, wanted] : cases) {
    const ProgramRun run = run_program(arguments);
    EXPECT_EQ(run.exit_code, code) << arguments.back() << run.err;
    EXPECT_TRUE(has(run.err, wanted)) << run.err;
    EXPECT_EQ(run.out, "");
  }
  EXPECT_FALSE(std::filesystem::exists("x.db"));
}

/// `measure --exec` with a stated power of 100 W: the arithmetic is known, only the time is measured.
class MeasuredCommand : public testing::Test {
 protected:
  ProgramRun run(std::vector<std::string> arguments, const std::string& command) const {
    arguments.insert(arguments.begin(),
                     {"measure", "--meter", "constant:watts", "--meter-setting", "constant.watts=100", "--idle", "0"});
    arguments.insert(arguments.end(), {"--exec", command});
    return run_program(arguments);
  }
  ScratchFolder folder;
};

TEST_F(MeasuredCommand, PassesOutputAndExitStatusOn) {
  const ProgramRun done = run({}, "echo from the command; exit 7");
  EXPECT_EQ(done.exit_code, 7);
  EXPECT_EQ(done.out, "from the command\n");
  EXPECT_TRUE(has(done.err, "exit status 7")) << done.err;
  EXPECT_TRUE(has(done.err, "modelled"));
  EXPECT_EQ(run({}, "kill -9 $$").exit_code, 137);
  EXPECT_EQ(run_program({"measure", "--meter", "none", "--", "sh", "-c", "exit 4"}).exit_code, 4);
  const ProgramRun missing = run_program({"measure", "--meter", "none", "--", "no-such-program", "--flag"});
  EXPECT_EQ(missing.exit_code, 127);
  EXPECT_TRUE(has(missing.err, "cannot run no-such-program: No such file")) << missing.err;
}

TEST_F(MeasuredCommand, EnergyIsPowerTimesTime) {
  const std::string file = (folder.path() / "out.json").string();
  ASSERT_EQ(run({"--json", "-o", file}, "sleep 0.2").exit_code, 0);
  const Json json = Json::parse(text_of(file));
  const double time = json.at("time_s").get<double>();
  EXPECT_GE(time, 0.2);
  EXPECT_NEAR(json.at("meters")[0].at("energy_j").get<double>(), 100 * time, 1e-6);
  EXPECT_EQ(json.at("meters")[0].at("method"), "modelled");
  EXPECT_TRUE(json.at("meters")[0].at("energy_above_idle_j").is_null());
}

TEST_F(MeasuredCommand, WritesTheTextFormatOfPrometheus) {
  const std::string file = (folder.path() / "w.prom").string();
  ASSERT_EQ(run({"--prom", file}, "test -s " + file + " && sleep 0.1").exit_code, 0) << "there while the command runs";
  const std::string text = text_of(file);
  const std::string wanted =
      "# TYPE wattlayer_energy_joules_total "
      "counter\nwattlayer_energy_joules_total{meter=\"constant:watts\",scope=\"cpu-package\","
      "method=\"modelled\"} ";
  ASSERT_TRUE(has(text, wanted)) << text;
  EXPECT_GE(std::stod(text.substr(text.find(wanted) + wanted.size())), 10) << "100 W for 0.1 s or more";
  EXPECT_TRUE(has(text, "wattlayer_command_running 0\n"));
  EXPECT_TRUE(has(text, "wattlayer_command_exit_status 0\n"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "no draft is left";
}

TEST_F(MeasuredCommand, ACommandThatCannotBeStartedDoesNotRunForEverInPrometheus) {
  const std::string file = (folder.path() / "w.prom").string();
  EXPECT_EQ(run_program({"measure", "--meter", "none", "--prom", file, "--", "no-such-program"}).exit_code, 127);
  EXPECT_TRUE(has(text_of(file), "wattlayer_command_running 0\n")) << text_of(file);
  EXPECT_TRUE(has(text_of(file), "wattlayer_command_exit_status 127\n"));
}

TEST_F(MeasuredCommand, EndsWhereTheCallerIgnoresTheEndOfItsChildren) {
  const std::string file = (folder.path() / "out.json").string();
  const ProgramRun run =
      run_program({"measure", "--meter", "none", "--", "/bin/sh", "-c",
                   "trap '' CHLD; exec \"$0\" measure --meter none --json -o " + file + " -- sh -c 'exit 6'", WATTLAYER_PROGRAM});
  EXPECT_EQ(run.exit_code, 6) << run.err;
}

std::vector<std::vector<std::string>> csv_lines(const std::string& text) {
  std::vector<std::vector<std::string>> lines(1, std::vector<std::string>(1));
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    else if (c == ',' && !quoted) lines.back().emplace_back();
    else if (c == '\n') lines.emplace_back(1);
    else lines.back().back() += c;
  }
  lines.pop_back();
  return lines;
}

TEST_F(MeasuredCommand, AppendsToEmissionsOfCodeCarbon) {
  const std::string file = (folder.path() / "emissions.csv").string();
  ASSERT_EQ(run({"--codecarbon", file, "--project", "a, b"}, "sleep 0.1").exit_code, 0);
  ASSERT_EQ(run({"--codecarbon", file, "--carbon-intensity", "56"}, "sleep 0.1").exit_code, 0);
  const auto lines = csv_lines(text_of(file));
  ASSERT_EQ(lines.size(), 3u);
  std::map<std::string, size_t> column;
  for (size_t i = 0; i < lines[0].size(); ++i) column[lines[0][i]] = i;
  EXPECT_EQ(lines[0].size(), 38u);
  EXPECT_EQ(lines[0][0], "timestamp");
  EXPECT_EQ(lines[0][37], "wue");
  for (const auto& line : lines) EXPECT_EQ(line.size(), 38u);
  EXPECT_EQ(lines[1][column["project_name"]], "a, b");
  const double kwh = std::stod(lines[2][column["energy_consumed"]]), seconds = std::stod(lines[2][column["duration"]]);
  EXPECT_NEAR(kwh * 3.6e6, 100 * seconds, 1e-6);
  EXPECT_EQ(lines[2][column["cpu_energy"]], lines[2][column["energy_consumed"]]);
  EXPECT_NEAR(std::stod(lines[2][column["emissions"]]), kwh * 0.056, 1e-12);
  EXPECT_EQ(lines[1][column["emissions"]], "") << "unknown, not 0";
  for (const char* name : {"gpu_energy", "gpu_count", "ram_energy", "country_name", "pue", "codecarbon_version"})
    EXPECT_EQ(lines[2][column[name]], "") << name;
  EXPECT_EQ(lines[2][column["experiment_id"]], "cpu-package/modelled");
}

TEST_F(MeasuredCommand, ACountryGivesTheIntensityOfItsElectricity) {
  const std::string file = (folder.path() / "emissions.csv").string();
  ASSERT_EQ(run({"--codecarbon", file, "--carbon-intensity", "fr"}, "sleep 0.1").exit_code, 0);
  const std::string text = text_of(file);
  EXPECT_NE(text.find(",France,FRA,"), text.npos) << text;
  EXPECT_EQ(run({"--codecarbon", file, "--carbon-intensity", "Frence"}, "sleep 0.1").exit_code, 1);
  EXPECT_EQ(text_of(file), text);
}

TEST_F(MeasuredCommand, RefusesAForeignEmissionsFileBeforeItRuns) {
  const std::string file = folder.file("emissions.csv", "timestamp,other\n1,2\n"), witness = (folder.path() / "ran").string();
  const ProgramRun refused = run({"--codecarbon", file}, "touch " + witness);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(has(refused.err, "other columns")) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(witness));
  EXPECT_EQ(text_of(file), "timestamp,other\n1,2\n");
}

/// A processor whose counter the command itself moves.
class CountedCommand : public testing::Test {
 protected:
  CountedCommand() {
    folder.file(zone + "name", socket + "\n");
    folder.file(zone + "max_energy_range_uj", "262143328850\n");
    folder.file(zone + "energy_uj", "262143000000\n");
  }
  Json run(const std::string& command, int exit_code = 0) const {
    const ProgramRun run =
        run_program({"measure", "--root", folder.path().string(), "--meter", "rapl:" + socket, "--idle", "0", "--json", "-o",
                     (folder.path() / "out.json").string(), "--exec", "cd " + (folder.path() / zone).string() + "; " + command});
    EXPECT_EQ(run.exit_code, exit_code) << run.err;
    return Json::parse(text_of(folder.path() / "out.json")).at("meters").at(0);
  }
  ScratchFolder folder;
  const std::string zone = "sys/class/powercap/intel-rapl:0/";
  const std::string socket = "package-" + std::to_string(getpid());  // tests that run beside this one lock another
};

TEST_F(CountedCommand, CodeCarbonGetsACounterOnceHoweverManyMetersReadIt) {
  const std::string file = (folder.path() / "emissions.csv").string();
  const ProgramRun run =
      run_program({"measure", "--root", folder.path().string(), "--meter", "rapl:" + socket + ",rapl:packages", "--idle", "0",
                   "--codecarbon", file, "--exec", "cd " + (folder.path() / zone).string() + "; echo 262143900000 > energy_uj"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = csv_lines(text_of(file));
  ASSERT_EQ(lines.size(), 2u);
  for (const char* name : {"cpu_energy", "energy_consumed"}) {
    const auto column = std::find(lines[0].begin(), lines[0].end(), name) - lines[0].begin();
    EXPECT_NEAR(std::stod(lines[1].at(size_t(column))) * 3.6e6, 0.9, 1e-6) << name;
  }
}

TEST_F(CountedCommand, EnergyAboveIdleThatIsNoiseIsSaidToBe) {
  const std::filesystem::path counter = folder.path() / zone / "energy_uj", draft = folder.path() / "draft";
  const auto start = std::chrono::steady_clock::now();
  const auto count = [&] {  // 10 W, whoever runs
    const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - start;
    std::ofstream(draft) << static_cast<uint64_t>(1e9 + 10 * time.count());
    std::filesystem::rename(draft, counter);
  };
  count();
  const std::jthread machine([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) count();
  });
  const std::string file = (folder.path() / "out.json").string();
  const ProgramRun run = run_program({"measure", "--root", folder.path().string(), "--meter", "rapl:" + socket, "--idle", "0.5",
                                      "--json", "-o", file, "--exec", "sleep 0.3"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json json = Json::parse(text_of(file)), meter = json.at("meters").at(0);
  const double above = meter.at("energy_above_idle_j").get<double>(), half = meter.at("energy_above_idle_ci95_j").get<double>();
  EXPECT_GT(half, 0);
  EXPECT_EQ(has(json.at("remarks").dump(), "cannot be told from none"), std::abs(above) <= half) << json;
}

TEST_F(CountedCommand, CountsAcrossTheWrap) {
  const Json meter = run("sleep 0.1; echo 1000000 > energy_uj");
  EXPECT_NEAR(meter.at("energy_j").get<double>(), 1.32885, 1e-4);
  EXPECT_EQ(meter.at("method"), "counter");
  EXPECT_EQ(meter.at("scope"), "cpu-package");
}

TEST_F(CountedCommand, ACounterThatStandsStillIsAFailureAndNever0) {
  const Json meter = run("sleep 0.05; exit 3", 3);
  EXPECT_TRUE(meter.at("energy_j").is_null());
  EXPECT_TRUE(has(meter.at("failure").get<std::string>(), "counted nothing")) << meter;
}

TEST_F(CountedCommand, ACounterThatGoesAwayCostsItsFigureAndNotTheCommand) {
  const Json meter = run("rm energy_uj; exit 5", 5);
  EXPECT_TRUE(meter.at("energy_j").is_null());
  EXPECT_FALSE(meter.at("failure").get<std::string>().empty());
}

TEST(MeasureVerb, AStatedPowerEndsInAnEstimateThatIsLabelledModelled) {
  ScratchFolder folder;
  const std::string store = (folder.path() / "m.db").string(), model = (folder.path() / "m.wlm").string();
  std::vector<std::string> command = {"measure",           "--runner", "fake", "--meter",    "constant:watts", "--meter-setting",
                                      "constant.watts=15", "--db",     store,  "--hardware", "jetson-nano"};
  for (int i = 1; i <= 24; ++i)
    command.insert(command.end(),
                   {"--layer", "Gemm " + std::to_string(i) + "x512 512x" + std::to_string(300 + 37 * i) + " dtype=f32"});
  const ProgramRun measured = run_program(command);
  ASSERT_EQ(measured.exit_code, 0) << measured.err;
  EXPECT_TRUE(has(measured.out, "modelled")) << measured.out;
  const ProgramRun fitted = run_program({"fit", "--db", store, "-o", model});
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  EXPECT_TRUE(has(fitted.out + fitted.err, "modelled")) << fitted.out << fitted.err;
  const ProgramRun estimate = run_program({"estimate", "--layer", "Gemm 8x512 512x700 dtype=f32", "--on", model});
  ASSERT_EQ(estimate.exit_code, 0) << estimate.err;
  EXPECT_TRUE(has(estimate.out, "no energy was measured")) << estimate.out;
  const std::vector<std::string> beside = {"measure", "--layer", "Gemm 8x512 512x700 dtype=f32", "--runner", "fake", "--on",
                                           model,     "--json"};
  const Json both = Json::parse(run_program(beside).out).at("measurements").at(0);
  EXPECT_TRUE(both.at("estimate").at("energy_j").is_null()) << "a model of time has no joules to compare";
  EXPECT_NEAR(both.at("estimate").at("time_s").at("value").get<double>() / both.at("rows")[0].at("time_s").get<double>(), 1, 0.2);
}

TEST_F(MeasuredCommand, HandsSignalsOn) {
  const std::string file = (folder.path() / "out.json").string();
  // The command asks its parent, wattlayer, to end; the signal comes back to it.
  const ProgramRun ended = run({"--json", "-o", file}, "trap 'exit 9' TERM; kill -TERM $PPID; while :; do sleep 0.05; done");
  EXPECT_EQ(ended.exit_code, 9) << ended.err;
  EXPECT_EQ(Json::parse(text_of(file)).at("exit_status"), 9);
}

}  // namespace
}  // namespace wattlayer::test
