#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

#include "tests/cli/program_run.h"

namespace wattlayer {
namespace {

using test::run_program;

/// First words of the lines that `wattlayer complete wattlayer WORDS...` prints; the last says which paths may follow.
std::vector<std::string> completed(std::vector<std::string> words) {
  words.insert(words.begin(), {"complete", "wattlayer"});
  std::istringstream out(run_program(words).out);
  std::vector<std::string> found;
  for (std::string line; std::getline(out, line);) found.push_back(line.substr(0, line.find('\t')));
  return found;
}

using Words = std::vector<std::string>;

TEST(Completion, verbs_and_verbs_of_verbs) {
  EXPECT_EQ(completed({"insp"}), (Words{"inspect", ":none"}));
  EXPECT_EQ(completed({"training", "to"}), (Words{"to-loss", ":none"}));
  EXPECT_EQ(completed({"compl"}), (Words{"completion", ":none"})) << "what only scripts call is not offered";
}

TEST(Completion, options_of_the_verb_in_front) {
  EXPECT_EQ(completed({"estimate", "a.onnx", "--on", "jetson-nano", "--bat"}), (Words{"--batch", ":none"}));
  EXPECT_EQ(completed({"hardware", "--bat"}), (Words{":none"}));
}

TEST(Completion, a_value_is_no_verb) {
  EXPECT_EQ(completed({"estimate", "--output", "inspect", "--dty"}), (Words{"--dtype", ":none"}));
}

TEST(Completion, the_last_of_several_targets) {
  EXPECT_EQ(completed({"estimate", "--on", "h200-sxm,jetson-nano/"}), (Words{"h200-sxm,jetson-nano/tensorrt/f32", ":files"}));
  EXPECT_EQ(completed({"estimate", "--on=jetson-nano/"}), (Words{"--on=jetson-nano/tensorrt/f32", ":files"}));
}

TEST(Completion, countries_of_grids) { EXPECT_EQ(completed({"estimate", "--grid", "FR"}), (Words{"FRA", "FRO", ":none"})); }

TEST(Completion, choices_that_an_option_names) { EXPECT_EQ(completed({"hardware", "--kind", "g"}), (Words{"gpu", ":none"})); }

TEST(Completion, what_stands_after_two_dashes_is_another_programs) {
  EXPECT_EQ(completed({"measure", "--", "ls", "-"}), (Words{":files"}));
}

TEST(Completion, nonsense_is_completed_by_nothing) {
  EXPECT_EQ(completed({"no-verb", "--no-option", "x"}), (Words{":none"}));
  EXPECT_EQ(completed({"estimate", "--no-option=x"}), (Words{":none"}));
  EXPECT_EQ(completed({}), (Words{":none"}));
}

TEST(Completion, an_unknown_shell_is_refused) {
  const auto run = run_program({"completion", "tcsh"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "wattlayer: no completion for the shell 'tcsh'; there is bash, zsh and fish\n");
}

/// Verbs that a help lists.
Words verbs_of(const std::string& help) {
  Words verbs;
  const size_t start = help.find("Subcommands:");
  if (start == help.npos) return verbs;
  const std::string list = help.substr(start, help.find("\n\n", start) - start + 1);
  const std::regex line("\n  ([a-z][a-z-]*) ");
  for (std::sregex_iterator at(list.begin(), list.end(), line), end; at != end; ++at) verbs.push_back((*at)[1]);
  return verbs;
}

std::string unescaped(const std::string& roff) { return std::regex_replace(roff, std::regex("\\\\-"), "-"); }

/// Every verb and option that some --help lists stands in the manual page, under the heading of its verb.
void expect_in_page(const std::string& page, const Words& verb) {
  Words arguments = verb;
  arguments.emplace_back("--help");
  const std::string help = run_program(arguments).out;
  std::string heading = ".SS wattlayer";
  for (const std::string& word : verb) heading += " " + word;
  const size_t start = verb.empty() ? 0 : page.find(heading + "\n");
  ASSERT_NE(start, page.npos) << heading;
  const std::string section = page.substr(start, page.find("\n.SS", start + 1) - start);
  const std::regex option("\n  (?:-[a-zA-Z],)?(--[a-z-]+)");
  int options = 0;
  for (std::sregex_iterator at(help.begin(), help.end(), option), end; at != end; ++at, ++options)
    if (const std::string name = (*at)[1]; name != "--help")
      EXPECT_NE(section.find(name + "\\fP"), section.npos) << heading << " lacks " << name;
  EXPECT_GT(options, 0) << help;
  for (const std::string& below : verbs_of(help)) {
    Words deeper = verb;
    deeper.push_back(below);
    expect_in_page(page, deeper);
  }
}

TEST(ManPage, says_what_every_help_says) {
  const auto run = run_program({"man"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_GT(verbs_of(run_program({"--help"}).out).size(), 15U);
  expect_in_page(unescaped(run.out), {});
}

TEST(ManPage, no_line_of_text_is_a_request) {
  const std::string page = run_program({"man"}).out;
  const std::regex request("(TH|SH|SS|TP|PP|B|nf|fi|\\\\\").*");
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(".")) EXPECT_TRUE(std::regex_match(line.substr(1), request)) << line;
}

}  // namespace
}  // namespace wattlayer
