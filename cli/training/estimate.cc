#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/amount.h"
#include "cli/chosen_energy_model.h"
#include "cli/footprint_options.h"
#include "cli/mlp_estimate.h"
#include "cli/network_options.h"
#include "cli/program.h"
#include "wattlayer/api/network_source.h"
#include "wattlayer/core/error.h"
#include "wattlayer/graph/training_memory.h"
#include "wattlayer/graph/training_step.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"
#include "wattlayer/scoring/network_scorer.h"
#include "wattlayer/training/training_estimate.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string network, dtype, optimizer = "adam", loss = "automatic", frozen_until;
  std::vector<std::string> targets;
  std::optional<int64_t> batch;
  double samples = 0, validation_samples = 0, epochs = 1;
  NetworkOptions reading;
  MlpEstimateOptions mlp;  ///< with --mlp; its output is everybody's
  FootprintOptions factors;
};

/// What is said of one target.
struct Answer {
  std::string network;
  int64_t batch = 1;
  TrainingStep how;
  TrainingPlan plan;
  TrainingEstimate estimate;
  TrainingMemory memory;
  double parameters = 0, device_bytes = 0;
  std::vector<DerivedFigure> derived;  ///< only what was asked for
  std::vector<std::string> remarks;
};

double main_memory(const Hardware& hardware) {
  return hardware.memory.empty() ? 0 : hardware.memory.back().bytes * hardware.memory.back().units;
}

void remark(Answer& a, const EnergyModel& model) {
  if (a.device_bytes > 0 && a.memory.total() > a.device_bytes)
    a.remarks.push_back(
        fmt::format("needs {} of memory, {} has {}: a smaller batch, fewer trained parameters or a narrower data "
                    "type is needed",
                    binary_bytes(a.memory.total()), model.hardware.id, binary_bytes(a.device_bytes)));
  if (a.device_bytes <= 0) a.remarks.push_back(model.hardware.id + " does not state its memory; nobody can say whether it fits");
  double backward_j = 0, predicted_j = 0;
  for (size_t phase : {1, 2})
    backward_j += a.estimate.phases[phase].energy_j, predicted_j += a.estimate.phases[phase].predicted_j;
  a.remarks.push_back(fmt::format(
      "{} of a step is backward pass and optimizer, {} of that outside what the energy model was fitted on; reading "
      "and decoding samples is not included",
      percent(backward_j / a.estimate.step.energy_j.value), percent(backward_j > 0 ? 1 - predicted_j / backward_j : 0)));
}

Answer answer(const NetworkSource& source, const EnergyModel& model, const Options& options, const DataFiles& files) {
  const Graph graph = source.graph(options.reading.import_options(options.batch));
  // The engine of today: the one that the energy model carries may not know how it updates parameters.
  const Engine engine = parse_engine(require_file(files, "engines", model.engine.id), model.engine.id);
  if (engine.inference_only)
    write_remark(fmt::format("{} is an engine for inference and trains nothing; the figure is what its kernels would need",
                             model.engine.id));
  Answer a{.network = graph.name, .batch = graph.batch};
  a.how = {.optimizer = require_optimizer(options.optimizer),
           .kernels = optimizer_kernels(engine, model.hardware),
           .loss = require_loss(options.loss),
           .frozen_until = options.frozen_until};
  a.plan = {.samples = options.samples, .validation_samples = options.validation_samples, .epochs = options.epochs};
  const Graph step = training_step(graph, a.how);
  const TrainingWorkloads workloads{.step = in_dtype_of(model, lower(step, model.engine)),
                                    .validation = in_dtype_of(model, lower(graph, model.engine))};
  a.estimate = estimate_training(workloads, a.plan, model);
  a.memory = training_memory(with_dtype(graph, model.dtype), model.engine, a.how);
  a.parameters = trainable_parameters(graph);
  a.device_bytes = main_memory(model.hardware);
  a.remarks = graph.remarks;
  remark(a, model);
  return a;
}

Json interval_json(const Interval& i) { return {{"value", i.value}, {"low", i.low}, {"high", i.high}}; }

Json share_json(const TrainingShare& s) {
  return {{"name", s.name}, {"count", s.count}, {"macs", s.macs}, {"energy_j", s.energy_j}, {"time_s", s.time_s}};
}

Json answer_json(const Answer& a) {
  const TrainingEstimate& t = a.estimate;
  const Estimate& e = t.step;
  Json json{{"network", a.network},
            {"hardware", e.hardware},
            {"engine", e.engine},
            {"dtype", name(e.dtype)},
            {"batch", a.batch},
            {"scope", e.scope},
            {"idle_included", e.idle_included},
            {"energy_model", e.energy_model},
            {"optimizer", name(a.how.optimizer)},
            {"samples", a.plan.samples},
            {"validation_samples", a.plan.validation_samples},
            {"epochs", a.plan.epochs},
            {"steps_per_epoch", t.steps},
            {"step", {{"energy_j", interval_json(e.energy_j)}, {"time_s", interval_json(e.time_s)}}},
            {"epoch", {{"energy_j", interval_json(t.epoch_j)}, {"time_s", interval_json(t.epoch_s)}}},
            {"run", {{"energy_j", interval_json(t.run_j)}, {"time_s", interval_json(t.run_s)}}},
            {"power_w", interval_json(e.power_w)},
            {"coverage", t.coverage},
            {"interval_note", e.interval_note},
            {"macs", e.macs},
            {"parameters", a.parameters},
            {"phases", Json::array()},
            {"operators", Json::array()}};
  for (const TrainingShare& s : t.phases) json["phases"].push_back(share_json(s));
  json["phases"].push_back(share_json(t.between));
  for (const TrainingShare& s : t.operators) json["operators"].push_back(share_json(s));
  json["memory"] = {
      {"parameters_bytes", a.memory.parameters}, {"gradients_bytes", a.memory.gradients},
      {"states_bytes", a.memory.states},         {"activations_bytes", a.memory.activations},
      {"total_bytes", a.memory.total()},         {"device_bytes", a.device_bytes > 0 ? Json(a.device_bytes) : Json()}};
  json["unpriced"] = Json::array();
  for (const Unpriced& u : e.unpriced)
    json["unpriced"].push_back(
        {{"op", u.op}, {"count", u.count}, {"bound_j", u.bound_j ? Json(*u.bound_j) : Json()}, {"reason", u.reason}});
  for (const DerivedFigure& f : a.derived)
    json["derived"].push_back({{"name", f.name},
                               {"value", f.value.value},
                               {"low", f.value.low},
                               {"high", f.value.high},
                               {"unit", f.unit},
                               {"basis", f.basis}});
  json["remarks"] = a.remarks;
  return json;
}

std::string of(const Interval& i, std::string_view unit) { return quantity_interval(i.value, i.low, i.high, unit); }

std::string totals(const Answer& a) {
  const TrainingEstimate& t = a.estimate;
  const Estimate& e = t.step;
  std::string text = fmt::format("Training of {} on {}/{}/{}, batch {}, {}\n", printable(a.network), e.hardware, e.engine,
                                 name(e.dtype), a.batch, name(a.how.optimizer));
  const auto line = [&text](std::string_view label, const std::string& value) {
    text += fmt::format("  {:<18}{}\n", label, value);
  };
  const auto both = [](const Interval& joules, const Interval& seconds) {
    return fmt::format("{:<42}{}", of(joules, "J"), of(seconds, "s"));
  };
  line("one step", both(e.energy_j, e.time_s));
  line("one epoch",
       both(t.epoch_j, t.epoch_s) +
           fmt::format("   {} steps{}", count_text(t.steps),
                       t.validation_passes > 0 ? fmt::format(", {} validation passes", count_text(t.validation_passes)) : ""));
  if (a.plan.epochs != 1) line(fmt::format("{} epochs", count_text(a.plan.epochs)), both(t.run_j, t.run_s));
  const Interval kwh{t.run_j.value / 3.6e6, t.run_j.low / 3.6e6, t.run_j.high / 3.6e6};
  line("", fmt::format("{:.4g} kWh [{:.3g}, {:.3g}]", kwh.value, kwh.low, kwh.high));
  for (const DerivedFigure& f : a.derived)
    text += wrapped(fmt::format("  {}: {} ({})", f.name, of(f.value, f.unit), f.basis), 118, "    ");
  line("mean power", of(e.power_w, "W"));
  line("coverage", fmt::format("{} of the energy is from predictors inside their fitted range", percent(t.coverage)));
  line("intervals", "90 %" + (e.interval_note.empty() ? std::string() : ", " + e.interval_note));
  line("scope", fmt::format("{}, idle power {}", e.scope, e.idle_included ? "included" : "not included"));
  line("energy model", e.energy_model);
  line("memory", fmt::format("{}: parameters {}, gradients {}, optimizer {}, activations {}", binary_bytes(a.memory.total()),
                             binary_bytes(a.memory.parameters), binary_bytes(a.memory.gradients), binary_bytes(a.memory.states),
                             binary_bytes(a.memory.activations)));
  line("network", fmt::format("{} a step, {} parameters", quantity(e.macs, "MACs"), quantity(a.parameters, "")));
  return text;
}

void add_row(TextTable& table, const TrainingShare& s, const Estimate& step) {
  table.row({s.name, s.count > 0 ? count_text(s.count) : "", s.macs > 0 ? quantity(s.macs, "MACs") : "–",
             quantity(s.energy_j, "J"), percent(s.energy_j / step.energy_j.value), quantity(s.time_s, "s")});
}

std::vector<TextTable::Column> columns(std::string header) {
  return {{std::move(header), Align::left, 44},
          {"LAYERS", Align::right},
          {"MACs", Align::right},
          {"ENERGY", Align::right},
          {"SHARE", Align::right},
          {"TIME", Align::right}};
}

std::string answer_text(const Answer& a) {
  const TrainingEstimate& t = a.estimate;
  TextTable phases(columns("PHASE OF A STEP")), operators(columns("OPERATOR"));
  for (const TrainingShare& s : t.phases) add_row(phases, s, t.step);
  if (std::abs(t.between.energy_j) > 0.0005 * t.step.energy_j.value) add_row(phases, t.between, t.step);
  const size_t shown = std::min<size_t>(t.operators.size(), 14);
  TrainingShare rest{.name = fmt::format("({} others)", t.operators.size() - shown)};
  for (size_t i = 0; i < t.operators.size(); ++i) {
    const TrainingShare& s = t.operators[i];
    if (i < shown) add_row(operators, s, t.step);
    else rest.count += s.count, rest.macs += s.macs, rest.energy_j += s.energy_j, rest.time_s += s.time_s;
  }
  if (shown < t.operators.size()) add_row(operators, rest, t.step);
  std::string text = totals(a) + "\n" + phases.print(false, "  ") + "\n" + operators.print(false, "  ");
  for (const Unpriced& u : t.step.unpriced)
    text += fmt::format("\n  {} × {}: {}, {}", count_text(u.count), u.op, u.reason,
                        u.bound_j ? "bounded at " + quantity(*u.bound_j, "J") : "in no total");
  if (!t.step.unpriced.empty()) text += "\n";
  for (const std::string& r : a.remarks) text += "\n" + wrapped("  " + r, 110, "  ");
  return text;
}

void estimate(const Options& options, const DataFiles& files) {
  std::optional<DataType> dtype;
  if (!options.dtype.empty()) dtype = require_data_type(options.dtype);
  const NetworkSource source(options.network);
  if (source.is_list())
    throw Error(ErrorKind::invalid_input,
                options.network + ": a list of layers has no edges to go back along; expected an ONNX file or net:NAME");
  const Footprint footprint = options.factors.footprint(files);
  std::vector<Answer> answers;
  for (const std::string& target : options.targets) {
    Answer a = answer(source, choose_energy_model(files, target, dtype), options, files);
    a.derived = derived_figures_of_run(a.estimate.step, a.estimate.run_j, footprint);
    answers.push_back(std::move(a));
  }
  std::string text;
  Json list = Json::array();
  for (const Answer& a : answers) {
    if (options.mlp.json) list.push_back(answer_json(a));
    else text += (text.empty() ? "" : "\n") + answer_text(a);
  }
  if (options.mlp.json)
    text = Json{{"schema", 1}, {"trainings", std::move(list)}}.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  write_output(text, options.mlp.output);
}

void add_options(CLI::App& verb, Options& o) {
  const auto positive = amount(1e-9, 1e18);
  CLI::Option* network = verb.add_option("NETWORK", o.network, "ONNX file, or net:NAME?size=224")->type_name("");
  verb.add_option(
          "--mlp", o.mlp.mlp,
          "instead of a network, a perceptron by BUTTER-E's law: \"features=784 widths=512,512,10 batch=256 samples=70000 "
          "epochs=3000\", or outputs, shape, size and depth instead of widths")
      ->type_name("WORDS")
      ->excludes(network);
  verb.add_option("--on", o.targets,
                  "HARDWARE[/ENGINE[/DTYPE]] or an energy model file (.wlm), may be repeated; with --mlp eagle-cpu or eagle-gpu")
      ->required()
      ->type_name("TARGET")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb.add_option("--batch", o.batch, "samples of one step; the network's own without it")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31).description(""));
  verb.add_option("--samples", o.samples, "training samples of one epoch")->type_name("N")->check(positive);
  verb.add_option("--validation-samples", o.validation_samples, "samples that run forward once an epoch (0)")
      ->type_name("N")
      ->check(amount(0, 1e18));
  verb.add_option("--epochs", o.epochs, "epochs of the whole run (1)")->type_name("N")->check(positive);
  verb.add_option("--optimizer", o.optimizer, "none, sgd, momentum, adagrad, rmsprop, adam or adamw")->capture_default_str();
  verb.add_option("--loss", o.loss, "what stands behind the outputs: automatic, given, cross-entropy, squared or sum")
      ->capture_default_str();
  verb.add_option("--frozen-until", o.frozen_until, "node whose parameters and all before stay as they are, or all-but-last")
      ->type_name("NODE");
  verb.add_option("--dtype", o.dtype, "data type of the arithmetic: f32, f16, bf16, ...")->type_name("DTYPE");
  add_network_options(verb, o.reading);
  add_grid_options(verb, o.factors);
  verb.add_flag("--json", o.mlp.json, "print JSON");
  verb.add_option("-o,--output", o.mlp.output, "write to this file")->type_name("FILE");
}

}  // namespace

void add_training_estimate(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "estimate", "Before training: energy, time and memory of a step, an epoch and a whole run, with 90 % intervals");
  add_options(*verb, *options);
  verb->footer(
      "\nwattlayer training estimate net:resnet50 --on a100-sxm --batch 64 --samples 50000 --epochs 90 --optimizer momentum\n"
      "What a step runs, and what is not in it: docs/training/workload.md.");
  verb->callback([options, verb, &program] {
    if (!options->mlp.mlp.empty()) {
      for (const char* factor : {"--grid", "--pue", "--price"})
        if (verb->count(factor) > 0) throw CLI::ValidationError(factor, "goes with NETWORK, not with --mlp");
      if (options->targets.size() > 1) throw CLI::ValidationError("--on", "--mlp takes one hardware");
      options->mlp.on = options->targets.front();
      return estimate_mlp(options->mlp, program.data_files());
    }
    if (options->network.empty()) throw CLI::RequiredError("NETWORK or --mlp");
    if (options->samples <= 0) throw CLI::RequiredError("--samples");
    estimate(*options, program.data_files());
  });
}

}  // namespace wattlayer::cli
