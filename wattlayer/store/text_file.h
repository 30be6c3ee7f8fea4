#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace wattlayer {

/// Whole content of a file; one packed with gzip is unpacked. Throws Error(io) when it cannot be read, Error(invalid_input)
/// when the gzip stream is broken or its content is over 1 GiB.
std::string read_text_file(const std::filesystem::path& file);

/// Replaces the file. Throws Error(io).
void write_text_file(const std::filesystem::path& file, std::string_view text);

}  // namespace wattlayer
