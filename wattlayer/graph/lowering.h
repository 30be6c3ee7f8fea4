#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/layer.h"

/// What an engine executes of a network, whatever holds its layers: lower.cc brings Graphs, sketch.cc brings Sketches.
namespace wattlayer::lowering {

/// What an engine does with one operator.
struct OperatorRules {
  bool free = false;
  bool in_place = false;  ///< listed, and possible
  int fusion = -1;        ///< first fusion that it heads
  uint64_t tail_of = 0;   ///< bit f: fusion f takes it in
};

/// Rules of an engine by operator, each found once. The engine outlives them. Throws Error(unsupported) beyond 64 fusions.
class EngineRules {
 public:
  explicit EngineRules(const Engine& engine);
  const Engine& engine() const { return engine_; }
  const OperatorRules& of(const std::string& op);

 private:
  const Engine& engine_;
  std::map<std::string, OperatorRules, std::less<>> rules_;
};

/// One node: its operands are inputs, then outputs; -1 where absent.
struct Step {
  const Layer* layer = nullptr;
  const OperatorRules* rules = nullptr;
  uint32_t first = 0, inputs = 0, outputs = 0;
  double count = 1;
  bool folded = false;  ///< computed at load time where the engine does that
};

/// Reusable: `start` forgets the network, not what it has learned of layers, whose addresses must stay valid.
class Lowering {
 public:
  explicit Lowering(EngineRules& rules) : rules_(rules), engine_(rules.engine()) {}

  void start(size_t values);
  void add(const Layer& layer, const OperatorRules& rules, std::span<const int> inputs, std::span<const int> outputs,
           double count = 1, bool folded = false);
  void give(int value) { given_[static_cast<size_t>(value)] = 1; }   ///< an input of the network
  void need(int value) { needed_[static_cast<size_t>(value)] = 1; }  ///< an output of the network, or carried by a loop

  /// Which nodes run at all, before views and fusions.
  void find_live();
  /// All of it.
  void run();

  size_t size() const { return steps_.size(); }
  const Step& step(size_t node) const { return steps_[node]; }
  bool live(size_t node) const { return live_[node]; }
  /// The node is a layer of its own.
  bool runs(size_t node) const { return live_[node] && head_[node] < 0 && !free_[node]; }
  bool runs_in_place(size_t node) const;
  /// The node whose layer is executed: itself, or the one whose reordering it carries out.
  size_t layer_of(size_t node) const;
  /// Nodes that this one runs inside itself: the first, and the one after.
  int first_tail(size_t node) const { return first_tail_[node]; }
  int next_tail(int node) const { return next_tail_[static_cast<size_t>(node)]; }

 private:
  std::span<int> inputs(const Step& s) { return {operands_.data() + s.first, s.inputs}; }
  std::span<const int> inputs(const Step& s) const { return {operands_.data() + s.first, s.inputs}; }
  std::span<const int> outputs(const Step& s) const { return {operands_.data() + s.first + s.inputs, s.outputs}; }
  bool runs_before(const Step& step) const;
  void fold_zeros();
  void count_consumers();
  void find_free();
  void view(size_t node);
  bool stays_contiguous(const Layer& layer);
  void fuse();
  int head_for(size_t node) const;

  EngineRules& rules_;
  const Engine& engine_;
  std::vector<Step> steps_;
  std::vector<int> operands_;
  std::vector<char> live_;
  std::vector<int> producer_;
  std::vector<int> consumers_;  ///< live nodes that read each value
  std::vector<char> needed_, given_, read_;
  std::vector<char> free_;  ///< nodes that cost nothing
  std::vector<int> head_;   ///< node that runs this one inside itself; -1: none
  std::vector<int> fusion_, first_tail_, last_tail_, next_tail_, tails_;
  std::unordered_map<int, int> copies_;  ///< views that move elements, and the node whose reordering they carry out
  struct View {
    std::vector<int64_t> strides;
    int made_by = -1;  ///< node that left the elements out of order
  };
  std::unordered_map<int, View> views_;                ///< values that are not contiguous
  std::unordered_map<const Layer*, bool> contiguous_;  ///< of layers seen before
};

}  // namespace wattlayer::lowering
