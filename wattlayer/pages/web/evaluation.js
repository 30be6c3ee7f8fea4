function evaluationPage(content) {}
