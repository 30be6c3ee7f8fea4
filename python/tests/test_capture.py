"""Modules captured without running their arithmetic. Needs PyTorch: 1.13 (Debian's python3-torch) or 2.x."""

import dataclasses
from collections import Counter

import pytest

import wattlayer

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch torchvision, or Debian's python3-torchvision")

from wattlayer.capture import capturing, export_trace  # noqa: E402

TRACERS = ["dispatch"] + (["export"] if export_trace.is_there() else [])
tracers = pytest.mark.parametrize("tracer", TRACERS)


def network(module, *inputs, tracer):
    return capturing.capture(module.eval(), inputs, tracer=tracer)


def operators(captured):
    counts = Counter()
    for row in captured.layers("pytorch"):
        counts[row["op"]] += row["count"]
    return counts


class Functional(torch.nn.Module):
    """Nothing but functions and methods."""

    def forward(self, x):
        y = torch.nn.functional.conv2d(x, torch.ones(8, 3, 3, 3, device=x.device), padding=1)
        y = torch.nn.functional.relu(y) + y.mean((2, 3), keepdim=True)
        y = y.flatten(2).transpose(1, 2)
        return torch.softmax(y @ y.transpose(1, 2), -1)


@tracers
def test_functional_operators_are_seen(tracer):
    found = network(Functional(), torch.empty(2, 3, 8, 8), tracer=tracer)
    assert operators(found) == {"Conv": 1, "Relu": 1, "ReduceMean": 1, "Add": 1, "MatMul": 1, "Softmax": 1}
    assert sum(r["macs"] for r in found.layers("pytorch")) == 2 * 64 * 8 * 27 + 2 * 64 * 64 * 8
    assert found.batch == 2 and found.remarks == []


class Recurrent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(16, 32, 2, bidirectional=True, batch_first=True)
        self.gru = torch.nn.GRU(64, 8)

    def forward(self, x):
        y, (h, c) = self.lstm(x)
        return self.gru(y)[0], h.sum() + c.sum()


@tracers
def test_recurrences_have_a_node_a_layer(tracer):
    found = network(Recurrent(), torch.empty(3, 5, 16), tracer=tracer)
    ops = operators(found)
    assert ops["LSTM"] == 2 and ops["GRU"] == 1 and ops["ReduceSum"] == 2
    assert sum(r["macs"] for r in found.layers("pytorch") if r["op"] == "LSTM") == 3 * 5 * 2 * 4 * 32 * (16 + 32 + 64 + 32)


class Unmapped(torch.nn.Module):
    def forward(self, x):
        return torch.special.erfcx(x) if hasattr(torch.special, "erfcx") else torch.lgamma(x)


@tracers
def test_an_operator_that_nobody_maps_is_bounded_and_named(tracer):
    module, x = Unmapped(), torch.empty(64, 1000)
    found = network(module, x, tracer=tracer)
    assert any("bounded by their bytes" in remark for remark in found.remarks)
    e = wattlayer.estimate(module, x, on="a100-sxm/pytorch")
    assert [layer.label for layer in e.layers] == ["bounded"] and e.coverage == 0 and e.energy_j > 0
    assert [u.op for u in e.unpriced] == [e.layers[0].op] and e.unpriced[0].bound_j > 0


class Hooked(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        self.norm = torch.nn.BatchNorm1d(4)
        self.register_buffer("seen", torch.zeros(1))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)

    def forward(self, x):
        self.seen += 1
        return self.norm(self.linear(x)) + self.scratch.sum()


@tracers
def test_the_module_is_left_as_it_is(tracer):
    module, calls = Hooked().train(), []
    module.linear.register_forward_hook(lambda *_: calls.append(1))
    before = {k: (v.data_ptr(), v._version, v.clone()) for k, v in module.state_dict().items()}
    attributes = {name: id(value) for name, value in vars(module).items()}
    capturing.capture(module, torch.empty(2, 4), tracer=tracer)
    assert module.training and module.norm.training and calls == []
    assert {name: id(value) for name, value in vars(module).items()} == attributes
    for name, value in module.state_dict().items():
        pointer, version, copy = before[name]
        assert value.data_ptr() == pointer and value._version == version and torch.equal(value, copy), name
    module(torch.ones(2, 4))
    assert calls == [1]


class Enormous(torch.nn.Module):
    """More weights than any machine has, on no device."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(1 << 20, 1 << 20, device="meta") for _ in range(4))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


@tracers
def test_no_arithmetic_runs_and_no_weight_is_copied(tracer):
    found = network(Enormous(), torch.empty(1, 1 << 20), tracer=tracer)
    assert sum(r["macs"] for r in found.layers("pytorch")) == 4 * 2.0**40


@tracers
def test_shared_weights_count_once(tracer):
    shared = torch.nn.Linear(8, 8)
    module = torch.nn.Sequential(shared, torch.nn.ReLU(), shared)
    rows = network(module, torch.empty(1, 8), tracer=tracer).layers("pytorch")
    assert {r["op"]: r["count"] for r in rows} == {"Gemm": 2, "Relu": 1}


def test_batches_are_captured_each():
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Flatten(), torch.nn.Linear(8 * 36, 10))
    es = wattlayer.estimate(module, torch.empty(1, 3, 8, 8), on="a100-sxm/pytorch", batch=[1, 32])
    assert [e.batch for e in es] == [1, 32] and es[1].macs == 32 * es[0].macs
    assert es[0].network == "Sequential"


class ByKeyword(torch.nn.Module):
    def forward(self, x, scale=None):
        return {"out": x * scale, "both": (x, scale)}


def test_inputs_by_name_and_outputs_in_containers():
    rows = wattlayer.layers(ByKeyword(), torch.empty(4, 4), example_kwargs={"scale": torch.empty(4, 1)})
    assert [r["op"] for r in rows] == ["Mul"]


class DataDependent(torch.nn.Module):
    def forward(self, x):
        return x + 1 if x.sum() > 0 else x - 1


def test_control_flow_over_data_is_unsupported_and_says_what_to_do():
    with pytest.raises(wattlayer.Unsupported, match="DataDependent.*export it to ONNX"):
        wattlayer.layers(DataDependent(), torch.empty(4))


def test_a_module_needs_examples():
    with pytest.raises(wattlayer.InvalidInput, match="example inputs"):
        wattlayer.layers(torch.nn.Linear(4, 4))
    with pytest.raises(wattlayer.InvalidInput, match="the batch, is 0"):
        wattlayer.layers(torch.nn.Linear(4, 4), torch.empty(0, 4))
    with pytest.raises(wattlayer.InvalidInput, match=r"Linear.forward\(\) does not take them"):
        wattlayer.layers(torch.nn.Linear(4, 4), (torch.empty(1, 4), torch.empty(1, 4)))
    with pytest.raises(wattlayer.InvalidInput, match="example_inputs are for modules"):
        wattlayer.layers("net:resnet50", torch.empty(1))


class WritesIntoSlices(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.linear = torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.Linear(8, 8)
        self.register_buffer("last", torch.zeros(1, 3, 8, 8))

    def forward(self, x):
        out = torch.zeros(1, 16, 8, 8, device=x.device)
        out[:, :8] = self.conv(x)
        self.last.copy_(self.linear(x))
        return out


@tracers
def test_what_is_written_through_a_view_or_into_a_buffer_counts(tracer):
    ops = operators(network(WritesIntoSlices(), torch.empty(1, 3, 8, 8), tracer=tracer))
    assert ops["Conv"] == 1 and ops["MatMul"] == 1


@dataclasses.dataclass
class Found:
    boxes: torch.Tensor
    scores: torch.Tensor


class Opaque:
    __slots__ = ("tensor",)

    def __init__(self, tensor):
        self.tensor = tensor


class Returns(torch.nn.Module):
    def __init__(self, result):
        super().__init__()
        self.conv, self.linear, self.result = torch.nn.Conv2d(3, 8, 3), torch.nn.Linear(8, 8), result

    def forward(self, x):
        return self.result(self.conv(x), self.linear(x))


def test_results_in_objects_are_seen():
    found = network(Returns(lambda a, b: {"found": Found(a, b)}), torch.empty(1, 3, 8, 8), tracer="dispatch")
    assert operators(found)["Conv"] == 1 and operators(found)["MatMul"] == 1


@tracers
def test_results_that_cannot_be_seen_are_refused(tracer):
    with pytest.raises(wattlayer.Unsupported, match="Opaque"):
        network(Returns(lambda a, b: (a, Opaque(b))), torch.empty(1, 3, 8, 8), tracer=tracer)


@pytest.mark.skipif("export" not in TRACERS, reason="needs torch 2.6")
def test_branches_on_values_are_refused():
    class Branches(torch.nn.Module):
        def forward(self, x):
            return torch.cond(x.sum() > 0, lambda y: torch.relu(y), lambda y: torch.sigmoid(y), (x,))

    with pytest.raises(wattlayer.Unsupported, match="cond"):
        network(Branches(), torch.empty(1, 8), tracer="export")


@tracers
def test_lists_and_dicts_of_the_module_stay_as_they_are(tracer):
    class Collects(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.seen, self.by_name = [], {}

        def forward(self, x):
            self.seen.append(x)
            self.by_name["x"] = x
            return torch.relu(x)

    module = Collects()
    network(module, torch.empty(1, 8), tracer=tracer)
    assert module.seen == [] and module.by_name == {}


@tracers
def test_hooks_that_do_not_run_are_named(tracer):
    module = torch.nn.Sequential(torch.nn.Linear(8, 8))
    module[0].register_forward_hook(lambda module, inputs, output: torch.relu(output))
    assert network(module, torch.empty(1, 8), tracer=tracer).remarks == [
        "forward hooks of 0 do not run, and what they compute is not counted"
    ]


@pytest.mark.skipif(not hasattr(torch.library, "custom_op"), reason="needs torch 2.4")
@tracers
def test_operators_that_write_into_an_argument_count(tracer):
    if not hasattr(torch.ops.wattlayer_tests, "relu"):

        @torch.library.custom_op("wattlayer_tests::relu", mutates_args={"out"})
        def relu(out: torch.Tensor, x: torch.Tensor) -> None:
            out.copy_(x)

        relu.register_fake(lambda out, x: None)

    class Writes(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(8, 8)

        def forward(self, x):
            out = torch.empty_like(x)
            torch.ops.wattlayer_tests.relu(out, self.linear(x))
            return out

    found = network(Writes(), torch.empty(2, 8), tracer=tracer)
    assert operators(found) == {"Gemm": 1, "wattlayer_tests.relu": 1}
    assert "wattlayer_tests.relu (1)" in found.remarks[0]
