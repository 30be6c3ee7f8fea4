#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace wattlayer::test {

/// What the built program did.
struct ProgramRun {
  int exit_code = -1;  ///< 128 + signal when it was killed
  std::string out, err;
};

/// Runs the built program with these arguments, standard input from `input`. Ends it after ten minutes of processor time.
ProgramRun run_program(const std::vector<std::string>& arguments, std::string_view input = {});

/// A folder of its own that is removed at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();

  const std::filesystem::path& path() const { return path_; }
  /// Writes a file into it and returns its path.
  std::string file(const std::string& name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

/// Text of an energy model of a made-up device, so that golden outputs do not move when shipped ones are fitted anew.
std::string made_up_energy_model();

}  // namespace wattlayer::test
