#include "wattlayer/bench/fake_runner.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/program.h"

namespace wattlayer::cli {

void add_fake_runner(CLI::App& app, const Program&) {
  struct Options {
    FakeRunnerOptions runner;
    std::vector<std::string> faults;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("fake-runner", "The runner that `--runner fake` starts: speaks the runner protocol, simulates a device");
  verb->group("");
  verb->add_option("--noise", options->runner.noise, "standard deviation of time and energy, relative (0)");
  verb->add_option("--slow", options->runner.slow, "factor on time and energy (1)")->check(CLI::PositiveNumber);
  verb->add_option("--delay", options->runner.delay_s, "real seconds that each run takes besides (0)");
  verb->add_flag("--real-time", options->runner.real_time, "runs take their time really");
  verb->add_option("--fault", options->faults,
                   "crash=PATTERN, hang=, out-of-memory=, unsupported=, garbage=: on tasks with PATTERN in a layer or name")
      ->allow_extra_args(false);
  verb->callback([options] {
    for (const std::string& fault : options->faults) options->runner.faults.push_back(parse_fake_fault(fault));
    run_fake_runner(std::cin, std::cout, options->runner);
  });
}

}  // namespace wattlayer::cli
