#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace wattlayer::cli {

/// A campaign as a Slurm job array: a task for each shard, each with a database of its own, and a job after them that merges.
struct SlurmArray {
  std::string name;  ///< of the job
  int tasks = 1;
  std::vector<std::string> options;  ///< lines of #SBATCH for the tasks: `--partition=gpu`
  std::vector<std::string> command;  ///< wattlayer collect ..., without --db and --shard
  std::filesystem::path store;       ///< that the tasks' databases are merged into
};

/// Folder beside the store with the batch files, the logs and the databases of the tasks.
std::filesystem::path slurm_folder(const std::filesystem::path& store);

std::string task_script(const SlurmArray& array);
std::string merge_script(const SlurmArray& array);

/// Writes both batch files and submits them. Returns what to tell the user. Throws Error(unavailable) where Slurm is not there or
/// refuses.
std::string submit(const SlurmArray& array);

}  // namespace wattlayer::cli
