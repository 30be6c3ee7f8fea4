#pragma once
#include <optional>
#include <string>
#include <vector>

namespace wattlayer::cli {

/// Errors of an energy model on rows of blocks that it was not fitted on, as its card states them.
struct HeldOutErrors {
  std::optional<double> rows, blocks;
  std::optional<double> medape, mape;      ///< per cent
  std::optional<double> interval;          ///< measured lies within value ×/÷ this, at 90 %
  std::optional<double> interval_covered;  ///< per cent of the rows that did
};

/// What a card (docs/formats/energy_model_v1.md) says; what it does not say is empty.
struct CardFacts {
  std::string data, fitted;
  std::vector<std::string> datasets;
  std::optional<double> rows;
  HeldOutErrors layers, networks;
  std::vector<std::string> measured;  ///< groups of layers with their number of distinct layers
  std::vector<std::string> weaknesses;
};

/// Reads the text of a card; anything unexpected in it is left out, for cards may come from others.
CardFacts read_card(const std::string& card);

/// The whole card as indented text, lists of plain values on one line.
std::string card_text(const std::string& card);

}  // namespace wattlayer::cli
