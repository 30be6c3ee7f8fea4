#include "cli/man_page.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

namespace wattlayer::cli {
namespace {

/// Text as roff prints it unchanged: hyphens stay what can be pasted, nothing at the start of a line is a request.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char letter : text) {
    if (line_start && (letter == '.' || letter == '\'')) out += "\\&";
    line_start = letter == '\n';
    if (letter == '\\') out += "\\e";
    else if (letter == '-') out += "\\-";
    else if (letter == '`') out += "\\(ga";
    else if (letter == '^') out += "\\(ha";
    else if (letter == '~') out += "\\(ti";
    else out += letter;
  }
  return out;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of('\n');
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(" \n") - first + 1);
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

/// `-o, --output FILE`
std::string names_of(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : option.get_snames()) names += (names.empty() ? "-" : ", -") + name;
  for (const std::string& name : option.get_lnames()) names += (names.empty() ? "--" : ", --") + name;
  if (names.empty()) names = option.get_name(true);
  const std::string type = option.get_items_expected_max() > 0 && option.nonpositional() ? option.get_type_name() : "";
  return fmt::format("\\fB{}\\fP{}", roff(names), type.empty() ? "" : fmt::format(" \\fI{}\\fP", roff(type)));
}

void add_arguments(std::string& page, const CLI::App& app) {
  for (const bool positional : {true, false})
    for (const CLI::Option* option : app.get_options()) {
      if (option->nonpositional() == positional || option->get_group().empty()) continue;
      if (option == app.get_help_ptr() && app.get_parent()) continue;  // every verb has it; the page says it once
      page += fmt::format(".TP\n{}\n{}", names_of(*option), roff(option->get_description()));
      if (option->get_required()) page += " (required)";
      if (!option->get_default_str().empty() && option->nonpositional())
        page += fmt::format(" (default: {})", roff(option->get_default_str()));
      page += '\n';
    }
}

void add_text(std::string& page, const std::string& text) {
  if (!trimmed(text).empty()) page += fmt::format(".PP\n.nf\n{}\n.fi\n", roff(trimmed(text)));
}

std::vector<const CLI::App*> listed(const CLI::App& app) {
  std::vector<const CLI::App*> verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!verb->get_group().empty()) verbs.push_back(verb);
  return verbs;
}

void add_verb(std::string& page, const CLI::App& verb, const std::string& before) {
  const std::string name = before + verb.get_name();
  page += fmt::format(".SS wattlayer {}\n{}.\n", roff(name), roff(verb.get_description()));
  add_arguments(page, verb);
  add_text(page, verb.get_footer());
  for (const CLI::App* below : listed(verb)) add_verb(page, *below, name + " ");
}

}  // namespace

std::string man_page(const CLI::App& app, const std::string& version) {
  std::string page = fmt::format(
      ".\\\" Written by `wattlayer man` from the options of the program.\n.TH {} 1 \"\" \"{} {}\" \"User Commands\"\n",
      upper(app.get_name()), app.get_name(), version);
  page += ".SH NAME\nwattlayer \\- energy of neural networks, layer by layer, before they run\n";
  page += ".SH SYNOPSIS\n.B wattlayer\n[\\fB\\-\\-data\\-dir\\fP \\fIDIR\\fP] \\fIVERB\\fP [\\fIOPTION\\fP...]\n";
  page += ".SH DESCRIPTION\n";
  add_text(page, app.get_description());
  page += ".SH OPTIONS\n";
  add_arguments(page, app);
  page += ".SH VERBS\n";
  for (const CLI::App* verb : listed(app)) add_verb(page, *verb, "");
  page +=
      ".SH EXIT STATUS\n.TP\n0\nThe verb did its work.\n.TP\n1\nThe input cannot be used, or something is missing; a sentence on "
      "standard "
      "error says what was expected, what was found and what to do.\n.TP\n2\nThe command line is wrong.\n.PP\nA verb that has "
      "others says so above.\n";
  page += ".SH EXAMPLES\n";
  std::string examples = trimmed(app.get_footer());
  if (examples.starts_with("Examples:\n")) examples.erase(0, examples.find('\n') + 1);
  add_text(page, examples);
  return page;
}

}  // namespace wattlayer::cli
