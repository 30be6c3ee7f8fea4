#include <stdio.h>

#include "wattlayer/c_api/wattlayer.h"

/* Joules of one pass of the network on the target, as the C API says it. */
int main(int argc, char** argv) {
  if (argc != 3) return 2;
  wattlayer_report* report = NULL;
  if (wattlayer_estimate(argv[1], argv[2], NULL, &report) != WATTLAYER_OK) {
    fprintf(stderr, "outside: %s\n", wattlayer_last_error());
    return 1;
  }
  printf("%.17g\n", wattlayer_report_energy_j(report).value);
  wattlayer_report_free(report);
  return 0;
}
