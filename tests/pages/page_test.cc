#include "wattlayer/pages/page.h"

#include <gtest/gtest.h>

#include <regex>

namespace wattlayer {
namespace {

TEST(Page, KeepsMarkupInItsPlace) {
  const std::string text =
      page("</title><script>alert(1)</script>", R"({"kind":"estimate","name":"</script><!-- <img onerror=alert(1)> & "})");
  EXPECT_NE(text.find("<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;</title>"), text.npos);
  EXPECT_NE(text.find(R"("\u003c/script\u003e\u003c!-- \u003cimg onerror=alert(1)\u003e \u0026 ")"), text.npos);
  EXPECT_EQ(text.find("<img onerror"), text.npos);
}

TEST(Page, HoldsEveryPartAndAsksForNothing) {
  const std::string text = page("t", "{}");
  EXPECT_FALSE(std::regex_search(text, std::regex(R"(\{\{[a-z_]+(\.[a-z]+)*\}\})"))) << "a part is left open";
  EXPECT_NE(text.find("default-src 'none'"), text.npos);
  for (const char* wanted : {"Apache ECharts", "class LayerTable", "prefers-color-scheme", "@media print"})
    EXPECT_NE(text.find(wanted), text.npos) << wanted;
  for (const char* outside : {" src=", "<link rel=\"stylesheet\"", "@import", "fetch(", "XMLHttpRequest", "https://"})
    EXPECT_EQ(text.find(outside), text.npos) << outside;
  EXPECT_LT(text.size(), 800'000u);
}

TEST(Page, NumbersKeepSevenDigits) {
  EXPECT_EQ(page_number(0), 0);
  EXPECT_DOUBLE_EQ(page_number(1.0 / 3), 0.3333333);
  EXPECT_DOUBLE_EQ(page_number(-123456789.0), -123456800.0);
}

}  // namespace
}  // namespace wattlayer
