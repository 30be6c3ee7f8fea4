#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/amount.h"
#include "cli/program.h"
#include "wattlayer/core/error.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"
#include "wattlayer/training/to_loss.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::filesystem::path runs, output;
  double loss = 0;
  bool json = false;
};

std::string table(const std::vector<LossReached>& sizes, const LossReached& best, double loss) {
  TextTable rows(
      {{"size", Align::right}, {"epochs", Align::right}, {"energy", Align::right}, {"against the least", Align::right}, {""}});
  for (const LossReached& size : sizes) {
    if (!size.reached) {
      rows.row({count_text(size.size), "–", "–", "–", fmt::format("never: its least loss is {:.4g}", size.least_loss)},
               Style::dim);
      continue;
    }
    const bool is_best = &size == &best;
    rows.row({count_text(size.size), fmt::format("{:.4g}", size.epoch), quantity(size.energy_j, "J"),
              fmt::format("{:+.0f} %", 100 * (size.energy_j / best.energy_j - 1)),
              is_best               ? "least energy"
              : size.at_first_epoch ? "at its first row already; perhaps before"
                                    : ""},
             is_best ? Style::bold : Style::plain);
  }
  std::string text = fmt::format("energy to a loss of {}\n\n{}", loss, rows.print(terminal().colour, "  "));
  text += fmt::format("\n  {} parameters reach it with the least: {} after {:.4g} epochs\n", count_text(best.size),
                      quantity(best.energy_j, "J"), best.epoch);
  if (best.at_first_epoch)
    text += "  its first row is at that loss already, so it may take less; add earlier epochs to the table\n";
  return text;
}

std::string json(const std::vector<LossReached>& sizes, const LossReached& best, double loss) {
  nlohmann::json list = nlohmann::json::array();
  for (const LossReached& size : sizes) {
    nlohmann::json entry{{"size", size.size}, {"reached", size.reached}, {"least_loss", size.least_loss}};
    entry["epoch"] = size.reached ? nlohmann::json(size.epoch) : nlohmann::json();
    entry["energy_j"] = size.reached ? nlohmann::json(size.energy_j) : nlohmann::json();
    entry["at_first_epoch"] = size.at_first_epoch;
    list.push_back(entry);
  }
  return nlohmann::json{{"schema", 1},
                        {"loss", loss},
                        {"best", {{"size", best.size}, {"epoch", best.epoch}, {"energy_j", best.energy_j}}},
                        {"sizes", list}}
             .dump(2) +
         "\n";
}

void show(const Options& options) try {
  const std::vector<LossReached> sizes = energy_to_loss(read_loss_curves(read_text(options.runs)), options.loss);
  const LossReached& best = cheapest(sizes, options.loss);
  write_output(options.json ? json(sizes, best, options.loss) : table(sizes, best, options.loss), options.output);
} catch (const Error& e) {
  throw e.kind() == ErrorKind::io ? e : e.within(options.runs.string());
}

}  // namespace

void add_training_to_loss(CLI::App& app, const Program&) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("to-loss", "Energy to reach a loss, by network size, and the size that needs the least");
  verb->add_option("RUNS", options->runs, "table with size, epoch, loss and energy_j spent so far; - for standard input")
      ->type_name("")
      ->required();
  verb->add_option("--loss", options->loss, "loss to reach")->type_name("LOSS")->required()->check(amount());
  verb->add_flag("--json", options->json, "print JSON");
  verb->add_option("--output,-o", options->output, "write to this file")->type_name("FILE");
  verb->callback([options] { show(*options); });
}

}  // namespace wattlayer::cli
