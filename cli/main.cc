#include <fmt/format.h>

#include <iostream>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"

int main(int argc, char** argv) {
  try {
    for (int i = 1; i < argc; ++i) fmt::print("{}\n", wattlayer::print(wattlayer::parse_layer(argv[i])));
  } catch (const wattlayer::Error& e) {
    fmt::print(stderr, "wattlayer: {}\n", e.what());
    return 1;
  }
}
