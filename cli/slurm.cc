#include "cli/slurm.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdio>
#include <memory>

#include "wattlayer/core/error.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer::cli {
namespace {

/// For the shell, whatever characters are in it.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// Output of a command, of its standard error too, and whether it went well.
std::pair<std::string, bool> output_of(const std::string& command) {
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return {"cannot start a shell", false};
  std::string out;
  std::array<char, 4096> part{};
  while (const size_t n = std::fread(part.data(), 1, part.size(), pipe)) out.append(part.data(), n);
  const bool good = pclose(pipe) == 0;
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return {out, good};
}

std::string sbatch(const std::string& arguments) {
  const auto [out, good] = output_of("sbatch --parsable " + arguments);
  if (!good)
    throw Error(ErrorKind::unavailable,
                fmt::format("sbatch did not take the job: {}; run this where Slurm is, or share the campaign with --shard", out));
  // Lines before the number are remarks of the site; after `;` stands the cluster.
  const std::string last = out.substr(out.rfind('\n') == out.npos ? 0 : out.rfind('\n') + 1);
  return last.substr(0, last.find(';'));
}

std::string header(const SlurmArray& array, const std::string& log) {
  const std::string output = (slurm_folder(array.store) / log).string();
  if ((array.name + output).find_first_of("\"\\\n") != std::string::npos)
    throw Error(
        ErrorKind::invalid_input,
        fmt::format("a batch file cannot hold the name '{}' with a quote, a backslash or a line break; name the store or the "
                    "campaign otherwise",
                    output));
  return fmt::format("#!/bin/sh\n#SBATCH --job-name=\"{}\"\n#SBATCH --output=\"{}\"\n", array.name, output);
}

}  // namespace

std::filesystem::path slurm_folder(const std::filesystem::path& store) {
  return std::filesystem::absolute(store).replace_extension(".slurm");
}

std::string task_script(const SlurmArray& array) {
  std::string text = header(array, "task-%a.log");
  text += fmt::format("#SBATCH --array=1-{}\n", array.tasks);
  // A node is measured by one task alone; a minute before its end the task finishes its window.
  text += "#SBATCH --exclusive\n#SBATCH --signal=B:TERM@60\n";
  for (const std::string& option : array.options) text += fmt::format("#SBATCH {}\n", option);
  std::vector<std::string> words;
  for (const std::string& word : array.command) words.push_back(quoted(word));
  text += fmt::format("exec {} --db {}/task-\"$SLURM_ARRAY_TASK_ID\".db --shard \"$SLURM_ARRAY_TASK_ID\"/{}\n",
                      fmt::join(words, " "), quoted(slurm_folder(array.store).string()), array.tasks);
  return text;
}

std::string merge_script(const SlurmArray& array) {
  std::string text = header(array, "merge.log") + "status=0\n";
  for (int task = 1; task <= array.tasks; ++task)
    text += fmt::format("{} import {} --db {} || status=1\n", quoted(array.command.at(0)),
                        quoted((slurm_folder(array.store) / fmt::format("task-{}.db", task)).string()),
                        quoted(std::filesystem::absolute(array.store).string()));
  return text + "exit $status\n";
}

std::string submit(const SlurmArray& array) {
  if (!output_of("command -v sbatch").second)
    throw Error(ErrorKind::unavailable,
                "there is no Slurm here: no sbatch in the PATH; run this on a login node, or share the "
                "campaign among machines with --shard");
  const std::filesystem::path folder = slurm_folder(array.store);
  std::filesystem::create_directories(folder);
  write_text_file(folder / "collect.sh", task_script(array));
  write_text_file(folder / "merge.sh", merge_script(array));
  const std::string job = sbatch(quoted((folder / "collect.sh").string()));
  const std::string merge = sbatch(fmt::format("--dependency=afterany:{} {}", job, quoted((folder / "merge.sh").string())));
  return fmt::format(
      "job {} measures in {} tasks, job {} merges them into {}; logs and the tasks' databases are in {}\n"
      "called again when they have ended, it goes on with what is left\n",
      job, array.tasks, merge, array.store.string(), folder.string());
}

}  // namespace wattlayer::cli
