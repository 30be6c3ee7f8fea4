#include "wattlayer/fit/boosting.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xgboost/c_api.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;
using Node = BoostedTrees::Node;

/// One tree of XGBoost's model (its doc/model.schema) in preorder.
void append(std::vector<Node>& nodes, const Json& left, const Json& right, const Json& input, const Json& value, size_t at) {
  const size_t self = nodes.size();
  nodes.push_back({.value = value[at].get<float>()});
  if (left[at].get<int>() < 0) return;
  nodes[self].input = input[at].get<uint32_t>();
  append(nodes, left, right, input, value, left[at].get<size_t>());
  nodes[self].right = static_cast<uint32_t>(nodes.size());
  append(nodes, left, right, input, value, right[at].get<size_t>());
}

}  // namespace

struct BoostingLibrary::Functions {
  decltype(&XGBoostVersion) version = nullptr;
  decltype(&XGBGetLastError) last_error = nullptr;
  decltype(&XGDMatrixCreateFromMat_omp) matrix_create = nullptr;
  decltype(&XGDMatrixSetFloatInfo) matrix_set = nullptr;
  decltype(&XGDMatrixFree) matrix_free = nullptr;
  decltype(&XGBoosterCreate) create = nullptr;
  decltype(&XGBoosterFree) free = nullptr;
  decltype(&XGBoosterSetParam) set = nullptr;
  decltype(&XGBoosterUpdateOneIter) update = nullptr;
  decltype(&XGBoosterPredict) predict = nullptr;
  decltype(&XGBoosterSaveModelToBuffer) save = nullptr;

  template <class Function>
  static bool find(void* library, Function& function, const char* name) {
    return (function = reinterpret_cast<Function>(dlsym(library, name))) != nullptr;
  }
  bool find_all(void* library) {
    return find(library, version, "XGBoostVersion") && find(library, last_error, "XGBGetLastError") &&
           find(library, matrix_create, "XGDMatrixCreateFromMat_omp") && find(library, matrix_set, "XGDMatrixSetFloatInfo") &&
           find(library, matrix_free, "XGDMatrixFree") && find(library, create, "XGBoosterCreate") &&
           find(library, free, "XGBoosterFree") && find(library, set, "XGBoosterSetParam") &&
           find(library, update, "XGBoosterUpdateOneIter") && find(library, predict, "XGBoosterPredict") &&
           find(library, save, "XGBoosterSaveModelToBuffer");
  }

  void check(int code) const {
    if (code != 0) throw Error(ErrorKind::internal, fmt::format("XGBoost: {}", last_error()));
  }

  /// Rows as XGBoost holds them; freed with the pointer.
  std::shared_ptr<void> matrix(const BoostingRows& rows) const {
    DMatrixHandle handle = nullptr;
    check(matrix_create(rows.inputs.data(), rows.size(), rows.columns, std::nanf(""), &handle, 1));
    std::shared_ptr<void> owned(handle, matrix_free);
    if (!rows.targets.empty()) check(matrix_set(handle, "label", rows.targets.data(), rows.targets.size()));
    return owned;
  }
};

BoostingLibrary::BoostingLibrary() : call_(std::make_unique<Functions>()) {}
BoostingLibrary::~BoostingLibrary() = default;

std::shared_ptr<const BoostingLibrary> BoostingLibrary::load(const std::string& name) {
  // It stays loaded: OpenMP keeps threads of its own in it.
  void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) return nullptr;
  std::shared_ptr<BoostingLibrary> found(new BoostingLibrary);
  return found->call_->find_all(library) ? found : nullptr;
}

std::string BoostingLibrary::version() const {
  int major = 0, minor = 0, patch = 0;
  call_->version(&major, &minor, &patch);
  return fmt::format("{}.{}.{}", major, minor, patch);
}

struct Booster::State {
  std::shared_ptr<const BoostingLibrary> library;
  std::shared_ptr<void> rows, booster;
  float base = 0;
  int rounds = 0;
};

Booster::Booster(std::shared_ptr<const BoostingLibrary> library, const BoostingRows& rows, const BoostingOptions& o)
    : state_(std::make_unique<State>()) {
  const BoostingLibrary::Functions& call = *library->call_;
  state_->library = std::move(library);
  state_->rows = call.matrix(rows);
  BoosterHandle handle = nullptr;
  DMatrixHandle matrices[] = {state_->rows.get()};
  call.check(call.create(matrices, 1, &handle));
  state_->booster = std::shared_ptr<void>(handle, call.free);
  state_->base = static_cast<float>(median({rows.targets.begin(), rows.targets.end()}));
  const auto set = [&](const char* name, const std::string& value) { call.check(call.set(handle, name, value.c_str())); };
  set("verbosity", "0");
  set("nthread", "1");
  set("tree_method", "hist");
  set("objective", o.absolute ? "reg:absoluteerror" : "reg:squarederror");
  set("base_score", fmt::format("{}", state_->base));
  set("max_depth", fmt::format("{}", o.depth));
  set("max_bin", fmt::format("{}", o.bins));
  set("eta", fmt::format("{}", o.learning_rate));
  set("min_child_weight", fmt::format("{}", o.least_child_weight));
  set("lambda", fmt::format("{}", o.l2));
  set("subsample", fmt::format("{}", o.row_share));
  set("colsample_bynode", fmt::format("{}", o.column_share));
  set("seed", fmt::format("{}", o.seed));
  if (!o.monotone.empty()) set("monotone_constraints", fmt::format("({})", fmt::join(o.monotone, ",")));
}

Booster::~Booster() = default;

void Booster::add_tree() {
  const BoostingLibrary::Functions& call = *state_->library->call_;
  call.check(call.update(state_->booster.get(), state_->rounds++, state_->rows.get()));
}

std::vector<float> Booster::predict(const BoostingRows& rows) const {
  const BoostingLibrary::Functions& call = *state_->library->call_;
  const std::shared_ptr<void> matrix = call.matrix(rows);
  bst_ulong count = 0;
  const float* values = nullptr;
  call.check(call.predict(state_->booster.get(), matrix.get(), 0, 0, 0, &count, &values));
  return {values, values + count};
}

BoostedTrees Booster::trees() const {
  const BoostingLibrary::Functions& call = *state_->library->call_;
  bst_ulong size = 0;
  const char* text = nullptr;
  call.check(call.save(state_->booster.get(), R"({"format": "ubj"})", &size, &text));
  const Json learner = Json::from_ubjson(text, text + size).at("learner");
  BoostedTrees trees;
  trees.set_base(std::stof(learner.at("learner_model_param").at("base_score").get<std::string>()));
  for (const Json& tree : learner.at("gradient_booster").at("model").at("trees")) {
    std::vector<Node> nodes;
    append(nodes, tree.at("left_children"), tree.at("right_children"), tree.at("split_indices"), tree.at("split_conditions"), 0);
    trees.add_tree(nodes);
  }
  return trees;
}

BoostedTrees fit_trees(std::shared_ptr<const BoostingLibrary> library, const BoostingRows& rows, const BoostingOptions& options,
                       int rounds) {
  Booster booster(std::move(library), rows, options);
  for (int i = 0; i < rounds; ++i) booster.add_tree();
  return booster.trees();
}

}  // namespace wattlayer
