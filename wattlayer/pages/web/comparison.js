function comparisonPage(content) { estimatePage(content); }
