#include "wattlayer/datasets/row_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::regex compiled(const std::string& pattern) try {
  return std::regex(pattern, std::regex::ECMAScript | std::regex::optimize);
} catch (const std::regex_error& e) {
  throw Error(ErrorKind::invalid_input, fmt::format("pattern '{}' is no regular expression: {}", pattern, e.what()));
}

std::string left_out(std::string text, std::string_view characters) {
  std::erase_if(text, [&](char c) { return characters.find(c) != characters.npos; });
  return text;
}

/// An object of texts and numbers, or its inverse.
std::unordered_map<std::string, std::string> read_lookup(const std::filesystem::path& file, bool inverse) {
  const auto json = nlohmann::json::parse(read_text_file(file), nullptr, false);
  if (!json.is_object()) throw Error(ErrorKind::invalid_input, file.string() + ": expected an object of texts and numbers");
  std::unordered_map<std::string, std::string> result;
  for (const auto& [key, value] : json.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (inverse) result.emplace(text, key);
    else result.emplace(key, text);
  }
  return result;
}

}  // namespace

bool fits(std::string_view text, std::string_view pattern) {
  size_t t = 0, p = 0, star = pattern.npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') star = p++, resume = t;
    else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) ++p, ++t;
    else if (star != pattern.npos) p = star + 1, t = ++resume;
    else return false;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matches(const RowCondition& condition, const ColumnLookup& column) {
  for (const auto& [name, wanted] : condition) {
    const auto value = column(name);
    if (!value) return false;
    bool any = false;
    for (const std::string& text : wanted) any = any || fits(*value, text);
    if (!any) return false;
  }
  return true;
}

RowColumns::RowColumns(const DatasetTable& table, const CsvReader& reader, std::filesystem::path folder, const std::string& file)
    : reader_(reader), folder_(std::move(folder)), file_(file) {
  file_folder_ = std::filesystem::path(file).parent_path().generic_string();
  for (const DerivedColumn& rule : table.derive) {
    makers_.push_back({&rule, rule.pattern.empty() ? std::regex() : compiled(rule.pattern), position_.size(), {}, {}});
    for (const std::string& name : rule.names)
      if (!position_.emplace(name, position_.size()).second)
        throw Error(ErrorKind::invalid_input, fmt::format("column '{}' is derived twice", name));
  }
  derived_.resize(position_.size());
}

std::vector<std::string> RowColumns::matched(const Maker& maker, const std::string& text) const {
  std::smatch match;
  std::vector<std::string> groups(maker.rule->names.size());
  if (!std::regex_match(text, match, maker.pattern)) {
    if (maker.rule->otherwise) return groups;
    throw Error(ErrorKind::invalid_input, fmt::format("'{}' does not fit the pattern '{}'", text, maker.rule->pattern));
  }
  for (size_t i = 0; i < groups.size() && i + 1 < match.size(); ++i) groups[i] = match[i + 1].str();
  return groups;
}

std::string RowColumns::mapped(const Maker& maker, const std::string& text) const {
  if (const auto at = maker.rule->map.find(text); at != maker.rule->map.end()) return at->second;
  if (maker.rule->otherwise) {
    const ColumnLookup column = [this](std::string_view name) { return (*this)(name); };
    return fill_template(*maker.rule->otherwise, column).value_or("");
  }
  std::vector<std::string> known;
  for (const auto& [key, value] : maker.rule->map) known.push_back(key);
  throw Error(ErrorKind::invalid_input, fmt::format("'{}' is unknown; expected one of {}", text, fmt::join(known, ", ")));
}

std::string RowColumns::looked_up(const Maker& maker, const std::string& text) {
  const ColumnLookup column = [this](std::string_view name) { return (*this)(name); };
  const std::string file = fill_template(maker.rule->lookup, column).value_or("");
  const std::string key = file + (maker.rule->inverse ? "\n" : "");
  auto at = lookups_.find(key);
  if (at == lookups_.end()) at = lookups_.emplace(key, read_lookup(folder_ / file, maker.rule->inverse)).first;
  const auto found = at->second.find(text);
  if (found != at->second.end()) return found->second;
  throw Error(ErrorKind::invalid_input, fmt::format("'{}' does not stand in {}", text, file));
}

const std::vector<std::string>& RowColumns::made(Maker& maker, const std::string& text) {
  if (auto at = maker.known.find(text); at != maker.known.end()) return at->second;
  return maker.known.emplace(text, maker.rule->pattern.empty() ? std::vector{looked_up(maker, text)} : matched(maker, text))
      .first->second;
}

void RowColumns::derive() {
  line_ = std::to_string(reader_.line());
  const ColumnLookup column = [this](std::string_view name) { return (*this)(name); };
  for (Maker& maker : makers_) {
    const DerivedColumn& rule = *maker.rule;
    auto text = fill_template_with_gaps(rule.from, column);
    std::string* const made_here = &derived_[maker.first];
    if (!text) std::fill_n(made_here, rule.names.size(), "");
    else if (rule.occurrence) *made_here = std::to_string(++maker.occurrences[*text]);
    else if (!rule.without.empty()) *made_here = left_out(std::move(*text), rule.without);
    else if (!rule.map.empty()) *made_here = mapped(maker, *text);
    else if (rule.pattern.empty() && rule.lookup.empty()) *made_here = std::move(*text);
    else std::copy_n(made(maker, *text).begin(), rule.names.size(), made_here);
  }
}

std::optional<std::string_view> RowColumns::operator()(std::string_view name) const {
  if (const auto at = reader_.column(name)) return reader_.fields()[*at];
  if (const auto at = position_.find(name); at != position_.end()) return derived_[at->second];
  if (name == "file") return file_;
  if (name == "folder") return file_folder_;
  if (name == "line") return line_;
  return std::nullopt;
}

}  // namespace wattlayer
