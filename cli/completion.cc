#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "wattlayer/api/targets.h"
#include "wattlayer/core/data_type.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/report/grids.h"

namespace wattlayer::cli {
namespace {

using Paths = Candidates::Paths;

/// The verb reached, its option that waits for a value, and how many positionals stand already.
struct Place {
  const CLI::App* app = nullptr;
  const CLI::Option* waiting = nullptr;
  size_t positionals = 0;
};

const CLI::Option* option_named(const CLI::App& app, const std::string& word) {
  for (const CLI::Option* option : app.get_options())
    if (option->nonpositional() && option->check_name(word)) return option;
  return nullptr;
}

const CLI::App* verb_named(const CLI::App& app, const std::string& word) {
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    if (verb->check_name(word)) return verb;
  return nullptr;
}

Place place_of(const CLI::App& root, std::span<const std::string> words) {
  Place place{&root};
  for (const std::string& word : words) {
    if (place.waiting) {
      place.waiting = nullptr;
    } else if (word.starts_with("-") && word.size() > 1) {
      const CLI::Option* option = word.find('=') == word.npos ? option_named(*place.app, word) : nullptr;
      if (option && option->get_items_expected_max() > 0) place.waiting = option;
    } else if (const CLI::App* verb = verb_named(*place.app, word)) {
      place = {verb};
    } else {
      ++place.positionals;
    }
  }
  return place;
}

void add_ids(Candidates& to, const std::vector<std::string>& ids, const std::string& description = "") {
  for (const std::string& id : ids) to.words.push_back({id, description});
}

void add_targets(Candidates& to, const DataFiles& files) {
  add_ids(to, energy_model_ids(files), "measured");
  add_ids(to, wattlayer::ids(files, "hardware"), "device");
  to.paths = Paths::files;
}

void add_networks(Candidates& to, const DataFiles&) {
  for (const NetworkFamily& family : network_families())
    for (const std::string_view name : family.names)
      if (name.find_first_of("{<") == name.npos) to.words.push_back({"net:" + std::string(name), std::string(family.summary)});
  to.paths = Paths::files;
}

void add_data_types(Candidates& to, const DataFiles&) {
  add_ids(to, {"f32", "tf32", "f16", "bf16", "fp8", "fp8_block", "nvfp4", "mxfp4", "int8", "int4"});
}

void add_meters(Candidates& to, const DataFiles&) {
  for (const MeterSource* source : meter_sources()) to.words.push_back({std::string(source->name), std::string(source->summary)});
}

void add_campaigns(Candidates& to, const DataFiles& files) {
  add_ids(to, wattlayer::ids(files, "campaigns"));
  to.paths = Paths::files;
}

void add_data_sets(Candidates& to, const DataFiles& files) {
  add_ids(to, wattlayer::ids(files, "datasets"));
  to.paths = Paths::files;
}

void add_hardware(Candidates& to, const DataFiles& files) {
  add_ids(to, wattlayer::ids(files, "hardware"));
  to.paths = Paths::files;
}

void add_engines(Candidates& to, const DataFiles& files) { add_ids(to, wattlayer::ids(files, "engines")); }
void add_energy_models(Candidates& to, const DataFiles& files) { add_ids(to, energy_model_ids(files)); }
void add_runners(Candidates& to, const DataFiles&) { add_ids(to, {"torch", "fake"}); }
void add_folders(Candidates& to, const DataFiles&) { to.paths = Paths::folders; }
void add_files(Candidates& to, const DataFiles&) { to.paths = Paths::files; }
void add_grids(Candidates& to, const DataFiles& files) {
  const GridTable table = grid_table(files);
  for (const Grid& grid : table.grids()) to.words.push_back({grid.iso3, grid.name});
}
void add_shells(Candidates& to, const DataFiles&) { add_ids(to, {"bash", "zsh", "fish"}); }

/// What stands for a value: by the name of its option or positional, with the verb in front where the name alone is not enough.
struct Values {
  std::string_view name;
  void (*add)(Candidates& to, const DataFiles& files);
};
constexpr std::array values{Values{"hardware ID", add_hardware},
                            Values{"energy-models ID", add_energy_models},
                            Values{"completion SHELL", add_shells},
                            Values{"--on", add_targets},
                            Values{"--energy-model", add_targets},
                            Values{"NETWORK", add_networks},
                            Values{"CAMPAIGN", add_campaigns},
                            Values{"SOURCE", add_data_sets},
                            Values{"--dataset", add_data_sets},
                            Values{"--hardware", add_hardware},
                            Values{"--engine", add_engines},
                            Values{"--grid", add_grids},
                            Values{"--dtype", add_data_types},
                            Values{"--meter", add_meters},
                            Values{"--runner", add_runners},
                            Values{"--data", add_folders},
                            Values{"--db", add_files},
                            Values{"--html", add_files}};

void add_values(Candidates& to, const CLI::App& app, const CLI::Option& option, const DataFiles& files) {
  const std::string name =
      option.nonpositional() && !option.get_lnames().empty() ? "--" + option.get_lnames().front() : option.get_name(true);
  for (const Values& v : values)
    if (v.name == name || v.name == app.get_name() + " " + name) return v.add(to, files);
  const std::string type = option.get_type_name();
  if (const size_t open = type.find('{'); open != type.npos) {
    for (const std::string& word : CLI::detail::split(type.substr(open + 1, type.find('}') - open - 1), ','))
      to.words.push_back({word, ""});
  } else if (type.starts_with("DIR")) {
    to.paths = Paths::folders;
  } else if (type.starts_with("FILE") || !option.nonpositional()) {
    to.paths = Paths::files;
  }
}

void add_positional(Candidates& to, const CLI::App& app, size_t taken, const DataFiles& files) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) continue;
    const auto at_most = static_cast<size_t>(option->get_items_expected_max());
    if (taken < at_most) return add_values(to, app, *option, files);
    taken -= at_most;
  }
}

void add_options(Candidates& to, const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->nonpositional() || option->get_group().empty()) continue;
    for (const std::string& name : option->get_lnames()) to.words.push_back({"--" + name, option->get_description()});
    if (option->get_lnames().empty())
      for (const std::string& name : option->get_snames()) to.words.push_back({"-" + name, option->get_description()});
  }
}

void add_verbs(Candidates& to, const CLI::App& app) {
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!verb->get_group().empty()) to.words.push_back({verb->get_name(), verb->get_description()});
}

/// Keeps what begins as typed, sorted, each word once, with what stands before it in the same word in front.
void keep(Candidates& all, const std::string& typed, const std::string& before) {
  std::erase_if(all.words, [&](const Candidate& c) { return !c.word.starts_with(typed); });
  std::sort(all.words.begin(), all.words.end(), [](const Candidate& a, const Candidate& b) { return a.word < b.word; });
  const auto same = [](const Candidate& a, const Candidate& b) { return a.word == b.word; };
  all.words.erase(std::unique(all.words.begin(), all.words.end(), same), all.words.end());
  for (Candidate& c : all.words) c.word = before + c.word;
}

}  // namespace

Candidates complete(const CLI::App& app, std::span<const std::string> words, const DataFiles& files) {
  Candidates found;
  if (words.size() < 2) return found;
  const std::string& last = words.back();
  if (std::find(words.begin(), words.end() - 1, "--") != words.end() - 1) return {{}, Paths::files};  // another program's words
  const Place place = place_of(app, words.subspan(1, words.size() - 2));
  const CLI::Option* of = place.waiting;
  std::string before;
  if (!of && last.starts_with("--") && last.find('=') != last.npos) {
    before = last.substr(0, last.find('=') + 1);
    of = option_named(*place.app, before.substr(0, before.size() - 1));
    if (!of) return found;
  }
  if (of) {
    if (const size_t comma = last.rfind(','); comma != last.npos && comma + 1 > before.size()) before = last.substr(0, comma + 1);
    add_values(found, *place.app, *of, files);
  } else if (last.starts_with("-")) {
    add_options(found, *place.app);
  } else {
    add_verbs(found, *place.app);
    add_positional(found, *place.app, place.positionals, files);
  }
  keep(found, last.substr(before.size()), before);
  return found;
}

}  // namespace wattlayer::cli
