#pragma once
#include <string>

#include "wattlayer/bench/measured_report.h"

namespace wattlayer::cli {

std::string measured_table(const MeasuredReport& report, bool colour);
/// docs/formats/measure_v1.md
std::string measured_json(const MeasuredReport& report);

}  // namespace wattlayer::cli
