#include "wattlayer/store/text_file.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/temporary_folder.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

TEST(TextFile, ReadsPlainAndPackedText) {
  TemporaryFolder folder;
  const std::string text(200000, 'w');
  write_text_file(folder / "plain", text);
  EXPECT_EQ(read_text_file(folder / "plain"), text);
  gzFile packed = gzopen((folder / "packed.gz").c_str(), "wb");
  gzwrite(packed, text.data(), static_cast<unsigned>(text.size()));
  gzclose(packed);
  EXPECT_LT(std::filesystem::file_size(folder / "packed.gz"), 2000u);
  EXPECT_EQ(read_text_file(folder / "packed.gz"), text);
}

TEST(TextFile, RefusesMissingFoldersAndCutFiles) {
  TemporaryFolder folder;
  EXPECT_THROW(read_text_file(folder / "missing"), Error);
  EXPECT_THROW(read_text_file(folder.path()), Error);
  EXPECT_THROW(write_text_file(folder / "no/folder", "x"), Error);
  gzFile packed = gzopen((folder / "cut.gz").c_str(), "wb");
  for (int64_t i = 0; i < 100000; ++i) gzputc(packed, static_cast<int>(i * i % 251));
  gzclose(packed);
  std::filesystem::resize_file(folder / "cut.gz", std::filesystem::file_size(folder / "cut.gz") / 2);
  EXPECT_THROW(read_text_file(folder / "cut.gz"), Error);
}

}  // namespace
}  // namespace wattlayer
