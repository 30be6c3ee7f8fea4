#include <CLI/CLI.hpp>
#include <memory>

#include "cli/amount.h"
#include "cli/chosen_energy_model.h"
#include "cli/network_options.h"
#include "cli/program.h"
#include "wattlayer/advice/advice.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::string network, on, dtype;
  std::optional<int64_t> batch;
  std::optional<double> rate_hz;
  size_t top = 5;
  DeviceSettings device;
  NetworkOptions reading;
  std::filesystem::path output;
  bool json = false;
};

void show(const Options& options, const DataFiles& files) {
  std::optional<DataType> dtype;
  if (!options.dtype.empty()) dtype = require_data_type(options.dtype);
  const EnergyModel model = choose_energy_model(files, options.on, dtype);
  const NetworkSource source(options.network);
  const Advice advice = advise({.source = source,
                                .reading = options.reading.import_options(options.batch),
                                .model = model,
                                .device = options.device,
                                .rate_hz = options.rate_hz,
                                .dearest = options.top},
                               files);
  const bool colour = terminal().colour && options.output.empty();
  write_output(options.json ? advice_json(advice) : advice_table(advice, colour), options.output);
}

}  // namespace

void add_advise(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "advise",
      "What would make a network cheaper on a device: batch, precision, engine, clock, dear layers, each with its saving");
  verb->add_option("NETWORK", options->network, "ONNX file, text list of layers or net:NAME")->type_name("")->required();
  verb->add_option("--on", options->on, "HARDWARE[/ENGINE[/DTYPE]] or an energy model file (.wlm)")
      ->type_name("TARGET")
      ->required();
  verb->add_option("--batch", options->batch, "batch size now; the network's own without it")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31).description(""));
  verb->add_option("--dtype", options->dtype, "data type of the arithmetic now")->type_name("DTYPE");
  verb->add_option("--clock", options->device.clock_mhz, "clock of the compute units now")
      ->type_name("MHZ")
      ->check(amount(1, 1e5));
  verb->add_option("--power-limit", options->device.power_limit_w, "limit of the board's power now")
      ->type_name("WATTS")
      ->check(amount(1e-3, 1e6));
  verb->add_option("--rate", options->rate_hz, "inferences a second that are asked for: what the device at rest costs")
      ->type_name("HZ")
      ->check(amount(1e-9, 1e12));
  verb->add_option("--top", options->top, "how many dear layers to print (5)")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000).description(""));
  add_network_options(*verb, options->reading);
  verb->add_flag("--json", options->json, "print JSON (docs/formats/advice_v1.md)");
  verb->add_option("-o,--output", options->output, "write to this file")->type_name("FILE");
  verb->footer("\nWorking sets of training and caches: wattlayer training advise.");
  verb->callback([options, &program] { show(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
