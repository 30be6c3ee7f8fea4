#include <fmt/format.h>

#include "wattlayer/core/error.h"
#include "wattlayer/store/csv.h"

namespace wattlayer {

CsvReader::CsvReader(std::string_view text) : text_(text) {
  if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  do line_ = next_line_, read_record();
  while (fields_.size() == 1 && fields_[0].empty() && at_ < text_.size());
  if (!fault_.empty()) throw Error(ErrorKind::invalid_input, fmt::format("line {}: {}", line_, fault_));
  header_ = fields_;
  if (header_.size() == 1 && header_[0].empty())
    throw Error(ErrorKind::invalid_input, "the table is empty; expected a first line with the names of the columns");
  for (size_t i = 0; i < header_.size(); ++i)
    if (!columns_.emplace(header_[i], i).second)
      throw Error(ErrorKind::invalid_input, fmt::format("column '{}' stands twice in the first line; rename one", header_[i]));
}

std::optional<size_t> CsvReader::column(std::string_view name) const {
  const auto at = columns_.find(std::string(name));
  if (at == columns_.end()) return std::nullopt;
  return at->second;
}

bool CsvReader::next() {
  while (at_ < text_.size()) {
    line_ = next_line_;
    read_record();
    if (fields_.size() == 1 && fields_[0].empty() && fault_.empty()) continue;
    if (fault_.empty() && fields_.size() != header_.size())
      fault_ = fmt::format("expected {} fields as in the first line, found {}", header_.size(), fields_.size());
    return true;
  }
  return false;
}

void CsvReader::read_record() {
  fields_.assign(1, {});
  fault_.clear();
  bool quoted = false, closed = false;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (quoted) {
      if (c == '\n') ++next_line_;
      if (c != '"') fields_.back() += c;
      else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') fields_.back() += '"', ++at_;
      else quoted = false, closed = true;
    } else if (c == ',') {
      fields_.emplace_back();
      closed = false;
    } else if (c == '\n' || (c == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n')) {
      at_ += c == '\r' ? 2 : 1;
      ++next_line_;
      return;
    } else if (c == '"' && fields_.back().empty() && !closed) {
      quoted = true;
    } else if (c == '"' || closed) {
      fault_ = "a quote inside a field must be doubled, and the whole field quoted";
      fields_.back() += c;
    } else {
      fields_.back() += c;
    }
  }
  if (quoted) fault_ = "a quoted field does not end";
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

}  // namespace wattlayer
