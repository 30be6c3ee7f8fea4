#include <fmt/format.h>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/networks/transformer.h"

namespace wattlayer {
namespace {

using namespace transformer;

constexpr int64_t vocabulary = 50254, head_size = 64, rotated = 16;  // a quarter of each head

struct Plan {
  int64_t embed = 0, length = 0, batch = 1;
  std::vector<int64_t> heads, mlp;  ///< of each layer
  std::string cast_to;              ///< type of torch.autocast; empty: no casts
  bool bias = false, fused = false;
};

/// Numbers joined by `-`, one a layer.
std::vector<int64_t> list(const NetworkSpec& spec, std::string_view name) {
  const std::string_view text = spec.text(name, "");
  std::vector<int64_t> numbers;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('-', start), text.size());
    const std::optional<int64_t> number = whole_of(text.substr(start, end - start));
    if (!number || *number < 1 || *number > 1000)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("{} of hw_gpt_bench is '{}'; expected one number a layer, such as 12-8-12", name, text));
    numbers.push_back(*number);
    start = end + 1;
  }
  return numbers;
}

/// `autocast` is 0, or the type that products are cast to; 1 is bf16.
std::string cast_type(const NetworkSpec& spec) {
  const std::string_view type = spec.text("autocast", "1");
  if (type == "0") return "";
  if (type == "1" || type == "bf16") return "bf16";
  if (type == "f16") return "f16";
  throw Error(ErrorKind::invalid_input, fmt::format("autocast of hw_gpt_bench is '{}'; expected 0, 1, bf16 or f16", type));
}

Plan plan_of(const NetworkSpec& spec) {
  Plan plan{.embed = spec.integer("embed", 768),
            .length = spec.integer("sequence", 1024),
            .batch = spec.batch,
            .heads = list(spec, "heads"),
            .mlp = list(spec, "mlp"),
            .cast_to = cast_type(spec),
            .bias = spec.flag("bias"),
            .fused = fused_attention(spec, "sdpa")};
  if (plan.heads.size() != plan.mlp.size())
    throw Error(ErrorKind::invalid_input, fmt::format("hw_gpt_bench has heads for {} layers and mlp for {}; expected as many",
                                                      plan.heads.size(), plan.mlp.size()));
  return plan;
}

/// Builds with the casts of torch.autocast: weights stay f32 and are cast in every pass, as is what a product reads.
class Builder {
 public:
  Builder(const Plan& plan, const NetworkSpec& spec) : plan_(plan), b_("hw_gpt_bench", spec) {}

  Graph build() {
    const int table = b_.weight({vocabulary, plan_.embed});
    int x = embedding(b_, table, b_.input({plan_.batch, plan_.length}, DataType::i64));
    for (size_t i = 0; i < plan_.heads.size(); ++i) {
      const int h = attention(layer_norm(b_, x), plan_.heads[i]);
      x = b_.add("Add", {x, b_.add("Add", {mlp(layer_norm(b_, x), plan_.mlp[i] * plan_.embed), h})});
    }
    return b_.finish({linear(layer_norm(b_, x), vocabulary, false)});
  }

 private:
  int half(int x) { return plan_.cast_to.empty() ? x : b_.add("Cast", {x}, {{"to", plan_.cast_to}}); }

  int linear(int x, int64_t outputs, bool bias, bool half_already = false) {
    Shape s = b_.shape(x);
    const int flat = reshape(b_, half_already ? x : half(x), {s[0] * s[1], s[2]});
    std::vector<int> inputs = {flat, half(b_.weight({outputs, s[2]}))};
    if (bias) inputs.push_back(half(b_.weight({outputs})));
    const int y = b_.add("Gemm", inputs, {{"transB", int64_t{1}}});
    s[2] = outputs;
    return reshape(b_, y, s);
  }

  int mlp(int x, int64_t hidden) {
    const int gate = b_.add("Swish", {linear(x, hidden, plan_.bias)});
    return linear(b_.add("Mul", {gate, linear(x, hidden, plan_.bias)}), plan_.embed, plan_.bias, true);
  }

  /// The tables are made in every layer of every pass.
  std::pair<int, int> rotary_tables() {
    const int steps = b_.add("Range", {b_.scalar(0), b_.scalar(rotated / 2), b_.scalar(1)});
    const int theta = b_.add("Reciprocal", {b_.add("Pow", {b_.scalar(10000), scaled(b_, steps, 2.0 / rotated)})});
    const int places = scaled(b_, b_.add("Range", {b_.scalar(0), b_.scalar(double(plan_.length)), b_.scalar(1)}), 1);
    const int angles = b_.add("Mul", {reshape(b_, places, {plan_.length, 1}), theta});
    const int twice = reshape(b_, b_.add("Tile", {angles, b_.constant({1, 2})}), {plan_.length, 1, rotated});
    return {b_.add("Cos", {twice}), b_.add("Sin", {twice})};
  }

  /// The first quarter of each head is rotated, in f32 because the tables are, and joined with the rest.
  int rotate_quarter(int x, int64_t heads, int cosines, int sines) {
    const int y = reshape(b_, x, {plan_.batch, plan_.length, heads, head_size});
    const int turned = half(rotate(b_, slice(b_, y, 3, 0, rotated), cosines, sines));
    const int joined = b_.add("Concat", {turned, slice(b_, y, 3, rotated, head_size)}, {{"axis", int64_t{-1}}});
    return reshape(b_, joined, {plan_.batch, plan_.length, heads * head_size});
  }

  int attention(int x, int64_t heads) {
    const int64_t width = heads * head_size;
    const auto [cosines, sines] = rotary_tables();
    const int qkv = linear(x, 3 * width, plan_.bias);
    const int q = rotate_quarter(slice(b_, qkv, 2, 0, width), heads, cosines, sines);
    const int k = rotate_quarter(slice(b_, qkv, 2, width, 2 * width), heads, cosines, sines);
    AttentionSettings settings{.heads = heads, .causal = true, .fused = plan_.fused, .chooses = true};
    if (!plan_.fused) settings.mask = causal_mask(b_, plan_.length, true);
    const int y = transformer::attention(b_, q, k, slice(b_, qkv, 2, 2 * width, 3 * width), settings);
    return linear(y, plan_.embed, plan_.bias, true);
  }

  Plan plan_;
  GraphBuilder b_;
};

/// The GPT whose parameters and MACs HW-GPT-Bench (Sukthanker et al. 2024) states: gated feed-forward, heads of 64, parallel
/// residual, rotary positions, embedding and head untied (hwgpt/model/gpt_base of its repository).
std::optional<Graph> hw_gpt_bench(const NetworkSpec& spec) {
  if (!same_network_name(spec.name, "hw_gpt_bench")) return std::nullopt;
  return Builder(plan_of(spec), spec).build();
}

}  // namespace

const std::vector<NetworkFamily>& hw_gpt_bench_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"hw_gpt_bench?heads={H-H-..}&mlp={M-M-..}"},
       .summary = "GPT of HW-GPT-Bench: embed=768, heads and mlp ratio of each layer, bias=0, sequence=1024; autocast=bf16 keeps "
                  "f32 weights and casts as PyTorch does, to f16 with autocast=f16, attention=sdpa",
       .options = {"embed", "heads", "mlp", "bias", "sequence", "autocast", "attention"},
       .build = hw_gpt_bench}};
  return families;
}

}  // namespace wattlayer
