#include "wattlayer/graph/file_format.h"

#include <algorithm>
#include <cstdint>

namespace wattlayer {
namespace {

struct Magic {
  size_t offset;
  std::string_view bytes;
  std::string_view meaning;
};

using namespace std::string_view_literals;

constexpr Magic magics[] = {
    {0, "PK\x03\x04"sv, "a zip archive, perhaps a PyTorch checkpoint; export the network with torch.onnx.export"},
    {4, "TFL3"sv, "a TensorFlow Lite file; convert it with tf2onnx"},
    {4, "ORTM"sv, "an ONNX Runtime ORT-format file; use the ONNX file that it was made from"},
    {0, "\x89HDF\r\n"sv, "an HDF5 file, perhaps a Keras network; convert it with tf2onnx"},
    {0, "GGUF"sv, "a GGUF file, which holds weights but no graph; export the network to ONNX"},
    {0, "\x80\x02"sv, "a Python pickle, perhaps an old PyTorch checkpoint; export the network with torch.onnx.export"},
    {0, "\x80\x04"sv, "a Python pickle; export the network to ONNX"},
    {0, "\x93NUMPY"sv, "a NumPy array; expected a network"},
    {0, "\x1f\x8b"sv, "a gzip file; decompress it first"},
    {0, "\x28\xb5\x2f\xfd"sv, "a zstd file; decompress it first"},
    {0,
     "\xfd"
     "7zXZ"sv,
     "an xz file; decompress it first"},
    {257, "ustar"sv, "a tar archive; unpack it first"},
    {0,
     "\x7f"
     "ELF"sv,
     "an executable or library; expected an ONNX file"},
    {0, "ptrt"sv, "a TensorRT engine; use the ONNX file that it was built from"},
    {0, "ftrt"sv, "a TensorRT engine; use the ONNX file that it was built from"},
    {0, "SQLite format 3"sv, "an SQLite database; expected an ONNX file"},
    {0, "%PDF"sv, "a PDF document; expected an ONNX file"},
    {0, "version https://git-lfs"sv, "a Git LFS pointer; fetch the file itself with git lfs pull"},
};

/// SafeTensors: a 64-bit length of the JSON header that follows.
bool is_safetensors(std::string_view bytes) {
  return bytes.size() > 9 && bytes[8] == '{' && bytes[6] == 0 && bytes[7] == 0 &&
         (bytes[9] == '"' || bytes[9] == '}' || bytes[9] == ' ');
}

bool is_text(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char c) { return c == '\t' || c == '\n' || c == '\r' || static_cast<unsigned char>(c) >= 32; });
}

}  // namespace

std::optional<std::string> foreign_format(std::string_view bytes) {
  const std::string_view start = bytes.substr(0, 512);
  for (const Magic& magic : magics)
    if (start.size() >= magic.offset + magic.bytes.size() && start.substr(magic.offset, magic.bytes.size()) == magic.bytes)
      return std::string(magic.meaning);
  if (is_safetensors(start)) return "a SafeTensors file, which holds weights but no graph; export the network to ONNX";
  // ONNX begins with the byte 8 (the IR version), which no text does.
  if (!is_text(start)) return std::nullopt;
  const size_t first = start.find_first_not_of(" \t\r\n");
  const char c = first == std::string_view::npos ? ' ' : start[first];
  if (c == '{' || c == '[') return "JSON text; expected a binary ONNX file";
  if (c == '<')
    return "XML or HTML text, perhaps the error page of a download or an OpenVINO network; expected a binary ONNX file";
  return "text; expected a binary ONNX file";
}

}  // namespace wattlayer
