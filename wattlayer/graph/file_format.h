#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace wattlayer {

/// What a file that is not ONNX seems to be, with advice: `a PyTorch archive; export it with torch.onnx.export`.
/// Nothing when the bytes tell nothing; looks at the first few hundred bytes only.
std::optional<std::string> foreign_format(std::string_view bytes);

}  // namespace wattlayer
