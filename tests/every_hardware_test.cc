#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/engine.h"
#include "wattlayer/core/hardware.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

std::string stem(const std::string& file) { return file.substr(0, file.rfind('.')); }

TEST(EveryHardware, ParsesAndEveryFigureHasASource) {
  const DataFiles files;
  ASSERT_GE(files.list("hardware").size(), 2u);
  for (const std::string& file : files.list("hardware")) {
    SCOPED_TRACE(file);
    const std::string text = *files.read("hardware", file);
    const Hardware h = parse_hardware(text, stem(file));
    EXPECT_TRUE(h.kind == "cpu" || h.kind == "gpu" || h.kind == "soc") << h.kind;
    EXPECT_FALSE(h.scope.empty());
    EXPECT_GT(h.peak(DataType::f32), 1e9);
    EXPECT_FALSE(h.memory.empty());
    const Json json = Json::parse(text);
    for (const auto& [field, value] : json.items()) {
      const bool is_figure = field == "peak_flops" || field == "memory" || field == "scope" || value.is_number();
      if (!is_figure) continue;
      EXPECT_GT(h.sources.contains(field) ? h.sources.at(field).size() : 0, 10u) << "no source for " << field;
    }
    for (const auto& [field, source] : h.sources) {
      EXPECT_TRUE(json.contains(field)) << "source of an absent field " << field;
      EXPECT_EQ(source.find("http"), source.npos) << field;
    }
  }
}

TEST(EveryHardware, MemoryGrowsOutwards) {
  const DataFiles files;
  for (const std::string& file : files.list("hardware")) {
    SCOPED_TRACE(file);
    const Hardware h = parse_hardware(*files.read("hardware", file), stem(file));
    for (size_t i = 1; i < h.memory.size(); ++i) EXPECT_LT(h.memory[i - 1].bytes, h.memory[i].bytes) << h.memory[i].name;
  }
}

TEST(EveryEngine, Parses) {
  const DataFiles files;
  ASSERT_GE(files.list("engines").size(), 2u);
  for (const std::string& file : files.list("engines")) {
    SCOPED_TRACE(file);
    const Engine e = parse_engine(*files.read("engines", file), stem(file));
    EXPECT_FALSE(e.name.empty());
  }
}

}  // namespace
}  // namespace wattlayer
