#include <cstdio>

#include "wattlayer/api/estimating.h"
#include "wattlayer/api/network_source.h"
#include "wattlayer/api/targets.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/core/error.h"

// Joules of one pass of the network on the target, as the C++ library says it.
int main(int argc, char** argv) try {
  if (argc != 3) return 2;
  const wattlayer::NetworkSource source(argv[1]);
  const auto found = wattlayer::find_target(wattlayer::DataFiles(), argv[2]);
  const auto rows = wattlayer::estimate(source, source.graph(), found.model);
  std::printf("%.17g\n", rows.estimate.energy_j.value);
} catch (const wattlayer::Error& e) {
  std::fprintf(stderr, "outside: %s\n", e.what());
  return 1;
}
