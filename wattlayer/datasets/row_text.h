#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace wattlayer {

/// Value of a column by name; nothing when the table has no such column.
using ColumnLookup = std::function<std::optional<std::string_view>(std::string_view)>;

/// Fills `{...}` in a template with the row's values. Between the braces stands a column (`{batch_size}`) or columns and
/// numbers joined by ` * `, ` / `, ` + `, ` - `, ` max `, ` min ` and ` ceil ` (up to the next multiple), worked off from the
/// left
/// (`{E / n / 1000}`). Whole numbers lose their `.0`. Nothing when a value that it needs is empty. Throws Error(invalid_input)
/// for a column that the table lacks, and for arithmetic on a text.
std::optional<std::string> fill_template(std::string_view text, const ColumnLookup& column);

/// As above; an empty column that stands alone between its braces leaves its place empty.
std::optional<std::string> fill_template_with_gaps(std::string_view text, const ColumnLookup& column);

}  // namespace wattlayer
