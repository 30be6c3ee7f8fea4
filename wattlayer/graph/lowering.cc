#include "wattlayer/graph/lowering.h"

#include <algorithm>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/strides.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer::lowering {
namespace {

bool holds(const std::vector<std::string>& list, std::string_view op) {
  return std::find(list.begin(), list.end(), op) != list.end();
}

size_t at(int value) { return static_cast<size_t>(value); }

}  // namespace

EngineRules::EngineRules(const Engine& engine) : engine_(engine) {
  if (engine.fusions.size() > 64)
    throw Error(ErrorKind::unsupported, "engine " + engine.id + " has more than 64 fusions; join those of equal tails");
}

const OperatorRules& EngineRules::of(const std::string& op) {
  const auto [place, added] = rules_.try_emplace(op);
  OperatorRules& rules = place->second;
  if (!added) return rules;
  const Operator* known = find_operator(op);
  rules.free = holds(engine_.free, op);
  rules.in_place = holds(engine_.in_place, op) && known && known->can_run_in_place;
  for (size_t f = engine_.fusions.size(); f-- > 0;) {
    if (holds(engine_.fusions[f].heads, op)) rules.fusion = static_cast<int>(f);
    if (holds(engine_.fusions[f].tails, op)) rules.tail_of |= uint64_t{1} << f;
  }
  return rules;
}

void Lowering::start(size_t values) {
  steps_.clear(), operands_.clear(), copies_.clear(), views_.clear();
  needed_.assign(values, 0), given_.assign(values, 0), read_.assign(values, 0);
  producer_.assign(values, -1), consumers_.assign(values, 0);
}

void Lowering::add(const Layer& layer, const OperatorRules& rules, std::span<const int> inputs, std::span<const int> outputs,
                   double count, bool folded) {
  steps_.push_back({&layer, &rules, static_cast<uint32_t>(operands_.size()), static_cast<uint32_t>(inputs.size()),
                    static_cast<uint32_t>(outputs.size()), count, folded});
  operands_.insert(operands_.end(), inputs.begin(), inputs.end());
  operands_.insert(operands_.end(), outputs.begin(), outputs.end());
}

/// Constants and shape arithmetic never run as layers; work on weights (a position table through an MLP) does where the engine
/// does not fold it.
bool Lowering::runs_before(const Step& step) const {
  if (!step.folded || engine_.folds_constants) return step.folded;
  constexpr double most_shape_elements = 4096;
  return std::all_of(step.layer->outputs.begin(), step.layer->outputs.end(), [&](const Tensor& t) {
    return !t.present || step.layer->op == "Constant" || (!is_float(t.dtype) && t.elements() <= most_shape_elements);
  });
}

/// Nodes whose results reach an output; all that run when the engine does not prune.
void Lowering::find_live() {
  live_.assign(steps_.size(), 0);
  for (size_t i = steps_.size(); i-- > 0;) {
    const Step& step = steps_[i];
    bool wanted = !engine_.prunes_dead;
    for (int value : outputs(step))
      if (value >= 0) {
        wanted = wanted || needed_[at(value)] || read_[at(value)];
        producer_[at(value)] = static_cast<int>(i);
      }
    if (!wanted) continue;
    for (int value : inputs(step))
      if (value >= 0) read_[at(value)] = 1;
    live_[i] = !runs_before(step) && step.count > 0;
  }
  count_consumers();
}

void Lowering::count_consumers() {
  for (size_t i = 0; i < steps_.size(); ++i)
    if (live_[i])
      for (int value : inputs(steps_[i]))
        if (value >= 0) ++consumers_[at(value)];
}

/// The view of a contiguous input is contiguous in all its outputs.
bool Lowering::stays_contiguous(const Layer& layer) {
  const auto [place, added] = contiguous_.try_emplace(&layer, false);
  if (!added) return place->second;
  const auto made = wattlayer::view(layer, contiguous(layer.input(0).shape));
  bool stays = made.has_value();
  for (size_t j = 0; stays && j < layer.outputs.size() && j < made->size(); ++j)
    stays = (*made)[j] == contiguous(layer.output(j).shape);
  return place->second = stays;
}

/// A view is free as long as its elements need not move. A Reshape behind a Transpose moves them, and that work is the
/// Transpose's.
void Lowering::view(size_t i) {
  const Step& step = steps_[i];
  const Layer& layer = *step.layer;
  const auto from = views_.find(inputs(step)[0]);
  if (from == views_.end() && stays_contiguous(layer)) return;
  const auto made = wattlayer::view(layer, from == views_.end() ? contiguous(layer.input(0).shape) : from->second.strides);
  if (!made && layer.op != "Shape" && layer.op != "Size") {
    free_[i] = 0;
    if (from != views_.end()) copies_[static_cast<int>(i)] = from->second.made_by;
    return;
  }
  const int made_by = from != views_.end() && from->second.made_by >= 0 ? from->second.made_by : static_cast<int>(i);
  const auto values = outputs(step);
  for (size_t j = 0; made && j < values.size() && j < made->size(); ++j)
    if (values[j] >= 0 && (*made)[j] != contiguous(layer.output(j).shape)) views_[values[j]] = {(*made)[j], made_by};
}

void Lowering::find_free() {
  free_.assign(steps_.size(), 0);
  if (engine_.free.empty()) return;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (!live_[i] || !step.rules->free || step.layer->attributes.integer("training_mode", 0) != 0) continue;
    free_[i] = 1;
    if (step.layer->input(0).known && step.inputs > 0 && step.layer->output(0).known) view(i);
  }
}

/// The operand that is computed last takes the tail in: a residual Add runs inside the later Conv.
int Lowering::head_for(size_t i) const {
  const Step& step = steps_[i];
  int best = -1;
  for (int value : inputs(step)) {
    if (value < 0 || consumers_[at(value)] != 1 || needed_[at(value)]) continue;
    int producer = producer_[at(value)];
    if (producer < 0 || !live_[at(producer)]) continue;
    if (const int outer = head_[at(producer)]; outer >= 0) {
      // Only the last tail's output leaves the head.
      if (last_tail_[at(outer)] != producer) continue;
      producer = outer;
    }
    const size_t head = at(producer);
    if (fusion_[head] < 0 || steps_[head].count != step.count) continue;
    const Fusion& rule = engine_.fusions[at(fusion_[head])];
    if (tails_[head] >= rule.at_most || !(step.rules->tail_of >> fusion_[head] & 1)) continue;
    if (step.layer->output(0).shape != steps_[head].layer->output(0).shape) continue;
    best = std::max(best, producer);
  }
  return best;
}

void Lowering::fuse() {
  for (auto* list : {&head_, &first_tail_, &last_tail_, &next_tail_, &fusion_}) list->assign(steps_.size(), -1);
  tails_.assign(steps_.size(), 0);
  if (engine_.fusions.empty()) return;
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!live_[i] || free_[i]) continue;
    const int head = head_for(i);
    if (head < 0) {
      fusion_[i] = steps_[i].rules->fusion;
      continue;
    }
    const int tail = static_cast<int>(i);
    head_[i] = head;
    (last_tail_[at(head)] < 0 ? first_tail_[at(head)] : next_tail_[at(last_tail_[at(head)])]) = tail;
    last_tail_[at(head)] = tail;
    ++tails_[at(head)];
  }
}

void Lowering::run() {
  if (engine_.folds_zero_products) fold_zeros();
  find_live();
  find_free();
  fuse();
}

bool Lowering::runs_in_place(size_t i) const {
  const Step& step = steps_[i];
  if (!step.rules->in_place || step.inputs == 0 || inputs(step)[0] < 0) return false;
  const size_t value = at(inputs(step)[0]);
  return consumers_[value] == 1 && !needed_[value] && !given_[value] && !step.layer->inputs[0].constant;
}

size_t Lowering::layer_of(size_t node) const {
  if (copies_.empty()) return node;
  const auto copy = copies_.find(static_cast<int>(node));
  return copy == copies_.end() ? node : at(copy->second);
}

}  // namespace wattlayer::lowering
