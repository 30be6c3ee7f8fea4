function measuredPage(content) {}
