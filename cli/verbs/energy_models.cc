#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "cli/target.h"
#include "wattlayer/report/text_table.h"

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

std::string list_table(const std::vector<EnergyModel>& models) {
  TextTable table({{"ENERGY MODEL"}, {"HARDWARE"}, {"SCOPE"}, {"IDLE"}});
  for (const EnergyModel& m : models) table.row({m.id, m.hardware.name, m.scope, m.idle_included ? "included" : "not included"});
  return table.print(terminal().colour);
}

bool is_short(const Json& json) { return !json.is_structured() || json.empty(); }

std::string value_text(const Json& json) { return json.is_string() ? json.get<std::string>() : json.dump(); }

/// The card as indented text; lists of plain values stand on one line.
std::string card_text(const Json& json, size_t indent) {
  const std::string blanks(indent, ' ');
  std::string text;
  for (const auto& [key, value] : json.items()) {
    if (value.is_null() || value == "") continue;  // not known
    const std::string label = json.is_array() ? blanks + "-" : fmt::format("{}{}:", blanks, printable(key));
    if (is_short(value)) {
      text += wrapped(label + " " + printable(value_text(value)), 100, std::string(indent + 2, ' '));
    } else if (value.is_array() && std::all_of(value.begin(), value.end(), is_short)) {
      std::string list;
      for (const Json& item : value) list += (list.empty() ? "" : ", ") + printable(value_text(item));
      text += wrapped(label + " " + list, 100, std::string(indent + 2, ' '));
    } else {
      text += label + "\n" + card_text(value, indent + 2);
    }
  }
  return text;
}

std::string card(const EnergyModel& m) {
  const std::string head = styled(m.id, Style::bold, terminal().colour);
  return fmt::format("{}: {}, {}, {}; scope {}, idle power {}\n\n{}", head, m.hardware.name, m.engine.name, name(m.dtype),
                     m.scope, m.idle_included ? "included" : "not included",
                     card_text(m.card.empty() ? Json::object() : Json::parse(m.card), 0));
}

void show(const Options& options, const DataFiles& files) {
  std::vector<EnergyModel> models;
  if (options.id.empty())
    for (const std::string& id : energy_model_ids(files)) models.push_back(load_energy_model(files, id));
  else models.push_back(find_energy_model(files, options.id, std::nullopt));
  if (options.json) {
    Json list = Json::array();
    for (const EnergyModel& m : models) list.push_back(to_json(m));
    return write_output(Json{{"schema", 1}, {"energy_models", list}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  }
  write_output(options.id.empty() ? list_table(models) : card(models.front()));
}

}  // namespace

void add_energy_models(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("energy-models", "List the energy models, or show one with its card: data, errors, weaknesses");
  verb->add_option("ID", options->id, "HARDWARE[/ENGINE[/DTYPE]] or a .wlm file to show; all are listed without it")
      ->type_name("");
  verb->add_flag("--json", options->json, "print JSON");
  verb->callback([options, &program] { show(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
