#pragma once
#include <string>
#include <string_view>

namespace wattlayer {

/// Who made a page, and how; what is empty is left out.
struct PageOrigin {
  std::string program;  ///< `wattlayer 0.1.0`
  std::string command;  ///< what a reader types to make it again
  std::string date;     ///< 2026-11-21
};

/// One HTML file that needs nothing else, neither network nor further files: the template of pages/web with styles, scripts and
/// `content`, a JSON object whose `kind` says what is shown (docs/formats/page.md). No text in it can leave its place: markup in
/// names stays text.
std::string page(std::string_view title, std::string_view content);

/// A value at seven significant digits, which is more than any figure here has; keeps pages small.
double page_number(double value);

}  // namespace wattlayer
