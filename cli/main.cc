#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <new>
#include <span>
#include <string_view>

#include "cli/option_values.h"
#include "cli/program.h"
#include "cli/verbs/all.h"
#include "cli/version.h"
#include "wattlayer/core/error.h"

namespace {

constexpr const char* description =
    "Energy of neural networks, layer by layer, before they run.\n\n"
    "  net.onnx --import--> Graph --lower--> Workload --predict--> Estimate --render--> Report\n"
    "  Workload --run + meter--> Measurement --store--> Store --fit--> EnergyModel\n";

constexpr const char* footer =
    "\nExamples:\n"
    "  wattlayer estimate resnet50.onnx --on xeon-gold-5120 --batch 1,32\n"
    "  wattlayer inspect resnet50.onnx\n"
    "  wattlayer measure resnet50.onnx --device cuda:0 --batch 1,32\n"
    "  wattlayer measure --exec \"python train.py\"\n"
    "  wattlayer hardware jetson-nano";

/// Takes the command off `measure ... -- COMMAND`: its options are not ours. Returns how many arguments are.
int split_command(int argc, char** argv, std::vector<std::string>& command) {
  const std::span<char*> arguments(argv, static_cast<size_t>(argc));
  const auto dashes = std::find(arguments.begin(), arguments.end(), std::string_view("--"));
  if (std::find(arguments.begin(), dashes, std::string_view("measure")) == dashes) return argc;
  if (argc > 1 && arguments[1] == std::string_view("complete")) return argc;  // a command line that is still being written
  if (dashes != arguments.end()) command.assign(dashes + 1, arguments.end());
  return static_cast<int>(dashes - arguments.begin());
}

/// As a shell takes it: words with anything unusual in them in quotes.
std::string invocation(std::span<char*> arguments) {
  std::string text = "wattlayer";
  for (std::string_view word : arguments.subspan(std::min<size_t>(1, arguments.size()))) {
    text += ' ';
    const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || std::strchr("-_./:,=+%@", c); };
    if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) {
      text += word;
      continue;
    }
    text += '\'';
    for (char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
    text += '\'';
  }
  return text;
}

int run(int argc, char** argv) {
  wattlayer::cli::Program program;
  program.invocation = invocation({argv, static_cast<size_t>(argc)});
  argc = split_command(argc, argv, program.command);
  CLI::App app{description, "wattlayer"};
  app.set_version_flag("--version", "wattlayer " WATTLAYER_VERSION);
  app.add_option("--data-dir", program.data_dir,
                 "folder with hardware/, engines/, energy_models/ that add to the built-in ones or replace them")
      ->check(CLI::Validator(CLI::ExistingDirectory).description(""))
      ->type_name("DIR");
  app.require_subcommand(1);
  app.failure_message([](const CLI::App* where, const CLI::Error& e) {
    std::string verb;
    for (; !where->get_subcommands().empty(); verb += " " + where->get_name()) where = where->get_subcommands().front();
    return fmt::format("wattlayer{}: {}; see: wattlayer{} --help\n", verb, e.what(), verb);
  });
  app.get_formatter()->column_width(34);
  for (auto add : wattlayer::cli::all_verbs) add(app, program);
  app.footer(footer);  // last: verbs made before do not inherit it
  app.parse_complete_callback([&app] { wattlayer::cli::require_sound_values(app); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& e) {
    return e.get_exit_code();
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const wattlayer::Error& e) {
    fmt::print(stderr, "wattlayer: {}\n", e.what());
  } catch (const std::filesystem::filesystem_error& e) {
    fmt::print(stderr, "wattlayer: cannot use {}: {}; check that it exists and its permissions\n", e.path1().string(),
               e.code().message());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "wattlayer: out of memory; the input asks for more than this machine has\n");
  } catch (const std::exception& e) {
    fmt::print(stderr, "wattlayer: internal error: {}; please report it with the command\n", e.what());
  }
  return 1;
}
