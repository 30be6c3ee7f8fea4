#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/chosen_energy_model.h"
#include "cli/energy_model_card.h"
#include "cli/program.h"
#include "wattlayer/api/targets.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"
#include "wattlayer/training/butter_e.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string id;
  bool json = false;
};

Json to_json(const EnergyModel& m) {
  return {{"id", m.id},
          {"hardware", m.hardware.id},
          {"engine", m.engine.id},
          {"dtype", name(m.dtype)},
          {"scope", m.scope},
          {"idle_included", m.idle_included},
          {"card", m.card.empty() ? Json::object() : Json::parse(m.card)}};
}

std::string percent_text(const std::optional<double>& value) { return value ? fmt::format("{:.1f} %", *value) : "–"; }

/// `×/÷1.15`, with the share of held-out rows inside it where the card says it.
std::string interval_text(const HeldOutErrors& errors) {
  if (!errors.interval) return "–";
  const std::string factor = fmt::format("×/÷{:.2f}", *errors.interval);
  return errors.interval_covered ? fmt::format("{} ({:.0f} %)", factor, *errors.interval_covered) : factor;
}

std::string blocks_text(const HeldOutErrors& errors) { return errors.blocks ? fmt::format("{:g}", *errors.blocks) : "–"; }

/// What the table has no room for.
std::string details(const EnergyModel& m, const CardFacts& facts) {
  std::string text = fmt::format("\n{}: {}, {}, {}; {}, idle power {}\n", styled(m.id, Style::bold, terminal().colour),
                                 printable(m.hardware.name), printable(m.engine.name), name(m.dtype), printable(m.scope),
                                 m.idle_included ? "included" : "not included");
  if (!facts.data.empty()) text += wrapped(fmt::format("  data: {}", facts.data), 100, "    ");
  if (!facts.measured.empty())
    text += wrapped(fmt::format("  distinct layers measured: {}", fmt::join(facts.measured, ", ")), 100, "    ");
  for (const std::string& weakness : facts.weaknesses) text += wrapped("  weakness: " + weakness, 100, "    ");
  return text;
}

std::string list_text(const std::vector<EnergyModel>& models) {
  TextTable table({{"ENERGY MODEL"},
                   {"DATA SETS", Align::left, 32},
                   {"FITTED"},
                   {"ROWS", Align::right},
                   {"LAYERS", Align::right},
                   {"90 %", Align::right},
                   {"NETWORKS", Align::right},
                   {"90 %", Align::right},
                   {"BLOCKS", Align::right}});
  std::string rest;
  for (const EnergyModel& m : models) {
    const CardFacts facts = read_card(m.card);
    table.row({m.id, fmt::format("{}", fmt::join(facts.datasets, ", ")), facts.fitted.empty() ? "–" : facts.fitted,
               facts.rows ? count_text(*facts.rows) : "–", percent_text(facts.layers.medape), interval_text(facts.layers),
               percent_text(facts.networks.medape), interval_text(facts.networks), blocks_text(facts.networks)});
    rest += details(m, facts);
  }
  return table.print(terminal().colour) +
         "\nLAYERS, NETWORKS: median absolute error of the energy on held-out blocks; 90 %: interval around an estimate; BLOCKS: "
         "of "
         "networks.\n" +
         rest;
}

/// Laws of training, which price a whole run and no layer.
std::string laws_text(const DataFiles& files) {
  std::string text;
  for (const std::string& id : butter_model_ids(files)) {
    const ButterModel law = find_butter_model(files, id).value();
    text += wrapped(
        fmt::format("\n{}: energy of training perceptrons, {}; {}; mean error {} % as published, checked on {}; for `training "
                    "estimate --mlp` and `training advise`",
                    styled(law.id, Style::bold, terminal().colour), law.scope, law.source, law.mean_error, law.checked_on),
        100, "    ");
  }
  return text;
}

std::string whole_card(const EnergyModel& m) {
  const std::string head = styled(m.id, Style::bold, terminal().colour);
  return fmt::format("{}: {}, {}, {}; scope {}, idle power {}\n\n{}", head, printable(m.hardware.name), printable(m.engine.name),
                     name(m.dtype), printable(m.scope), m.idle_included ? "included" : "not included", card_text(m.card));
}

void show(const Options& options, const DataFiles& files) {
  std::vector<EnergyModel> models;
  if (options.id.empty())
    for (const std::string& id : energy_model_ids(files)) models.push_back(load_energy_model(files, id));
  else models.push_back(choose_energy_model(files, options.id, std::nullopt));
  if (options.json) {
    Json list = Json::array();
    for (const EnergyModel& m : models) list.push_back(to_json(m));
    return write_output(Json{{"schema", 1}, {"energy_models", list}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  }
  write_output(options.id.empty() ? list_text(models) + laws_text(files) : whole_card(models.front()));
}

}  // namespace

void add_energy_models(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("energy-models", "List the energy models with their errors, or show one with its whole card");
  verb->add_option("ID", options->id, "HARDWARE[/ENGINE[/DTYPE]] or a .wlm file to show; all are listed without it")
      ->type_name("");
  verb->add_flag("--json", options->json, "print JSON");
  verb->callback([options, &program] { show(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
