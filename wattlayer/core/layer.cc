#include "wattlayer/core/layer.h"

#include <algorithm>

namespace wattlayer {
namespace {

const Tensor absent_tensor = Tensor::absent();

}  // namespace

double elements(const Shape& shape) {
  double count = 1;
  for (int64_t d : shape) count *= static_cast<double>(d);
  return count;
}

const Attribute* Attributes::find(std::string_view name) const {
  for (const Item& item : items_)
    if (item.first == name) return &item.second;
  return nullptr;
}

int64_t Attributes::integer(std::string_view name, int64_t otherwise) const {
  const Attribute* a = find(name);
  if (!a) return otherwise;
  if (auto* i = std::get_if<int64_t>(a)) return *i;
  if (auto* list = std::get_if<std::vector<int64_t>>(a); list && !list->empty()) return list->front();
  return otherwise;
}

double Attributes::real(std::string_view name, double otherwise) const {
  const Attribute* a = find(name);
  if (!a) return otherwise;
  if (auto* d = std::get_if<double>(a)) return *d;
  if (auto* i = std::get_if<int64_t>(a)) return static_cast<double>(*i);
  return otherwise;
}

std::string_view Attributes::text(std::string_view name, std::string_view otherwise) const {
  const Attribute* a = find(name);
  if (!a) return otherwise;
  auto* s = std::get_if<std::string>(a);
  return s ? std::string_view(*s) : otherwise;
}

std::vector<int64_t> Attributes::integers(std::string_view name) const {
  const Attribute* a = find(name);
  if (!a) return {};
  if (auto* list = std::get_if<std::vector<int64_t>>(a)) return *list;
  if (auto* i = std::get_if<int64_t>(a)) return {*i};
  return {};
}

int64_t Attributes::integer_at(std::string_view name, size_t i, int64_t otherwise) const {
  const Attribute* a = find(name);
  if (!a) return otherwise;
  if (auto* list = std::get_if<std::vector<int64_t>>(a)) return i < list->size() ? (*list)[i] : otherwise;
  if (auto* single = std::get_if<int64_t>(a); single && i == 0) return *single;
  return otherwise;
}

void Attributes::set(std::string_view name, Attribute value) {
  auto at =
      std::lower_bound(items_.begin(), items_.end(), name, [](const Item& item, std::string_view n) { return item.first < n; });
  if (at != items_.end() && at->first == name) at->second = std::move(value);
  else items_.emplace(at, std::string(name), std::move(value));
}

void Attributes::erase(std::string_view name) {
  std::erase_if(items_, [&](const Item& item) { return item.first == name; });
}

const Tensor& Layer::input(size_t i) const { return i < inputs.size() ? inputs[i] : absent_tensor; }

const Tensor& Layer::output(size_t i) const { return i < outputs.size() ? outputs[i] : absent_tensor; }

}  // namespace wattlayer
