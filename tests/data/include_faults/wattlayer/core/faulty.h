// Breaks the include rule on purpose; the test include_rule_finds_faults looks for what is said of it.
#include "wattlayer/ops/operator.h"
#include <fmt/format.h>
#include <sqlite3.h>
