#!/usr/bin/env python3
"""Exports small networks twice, at batch 1 and at batch 4, with every shape fixed, and strips the weights: what a batch set on the
first must come to. Needs torch 1.13 (Debian: python3-torch) and onnx; the exporter bakes the batch into Reshape and Expand.

usage: make_batch_networks.py FOLDER
"""
import io
import pathlib
import sys

import onnx
import torch
from torch import nn


class Vit(nn.Module):
    """Class token expanded to the batch, heads split by view, fused qkv."""

    def __init__(self, width=32, heads=4):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, 8)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, 17, width))
        self.qkv, self.out, self.norm = nn.Linear(width, 3 * width), nn.Linear(width, width), nn.LayerNorm(width)
        self.heads = heads

    def forward(self, x):
        b = int(x.shape[0])
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(b, -1, -1), x], 1) + self.positions
        b, t, c = (int(i) for i in x.shape)
        q, k, v = self.qkv(self.norm(x)).reshape(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        y = ((q @ k.transpose(-2, -1)).softmax(-1) @ v).transpose(1, 2).reshape(b, t, c)
        return self.out(y)[:, 0]


class Windows(nn.Module):
    """Windows put beside the batch, as in Swin."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(16, 16)

    def forward(self, x):
        b, h, w, c = (int(i) for i in x.shape)
        x = x.view(b, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
        x = (x @ x.transpose(1, 2)).softmax(-1) @ self.mix(x)
        return x.view(b, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)


class Shuffle(nn.Module):
    """Channel shuffle and squeeze-excitation by view."""

    def __init__(self):
        super().__init__()
        self.conv, self.depthwise, self.gate = nn.Conv2d(3, 16, 3, 2, 1), nn.Conv2d(16, 16, 3, 1, 1, groups=16), nn.Linear(16, 16)

    def forward(self, x):
        x = self.conv(x)
        b, c, h, w = (int(i) for i in x.shape)
        x = self.depthwise(x.view(b, 2, c // 2, h, w).transpose(1, 2).reshape(b, c, h, w))
        return x * self.gate(x.mean((2, 3))).sigmoid().view(b, c, 1, 1)


class Queries(nn.Module):
    """Learned queries repeated for the batch, time-major attention with the heads beside the batch, as in DETR."""

    def __init__(self):
        super().__init__()
        self.queries = nn.Embedding(10, 32)
        self.own, self.cross = nn.MultiheadAttention(32, 4), nn.MultiheadAttention(32, 4)

    def forward(self, x):
        b = int(x.shape[0])
        memory = x.permute(1, 0, 2)
        q = self.queries.weight.unsqueeze(1).repeat(1, b, 1)
        q = q + self.own(q, q, q)[0]
        return (q + self.cross(q, memory, memory)[0]).transpose(0, 1)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(12, 16, 2, batch_first=True, bidirectional=True), nn.Linear(32, 5)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


def export(network, shape):
    buffer = io.BytesIO()
    torch.onnx.export(network.eval(), torch.zeros(shape), buffer, opset_version=17, do_constant_folding=True)
    model = onnx.ModelProto.FromString(buffer.getvalue())
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.raw_data) > 32:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
    return model


def main():
    folder = pathlib.Path(sys.argv[1])
    networks = {"vit": (Vit(), (3, 32, 32)), "windows": (Windows(), (8, 8, 16)), "shuffle": (Shuffle(), (3, 16, 16)), "queries": (Queries(), (20, 32)),
                "lstm": (Recurrent(), (9, 12))}
    for name, (network, shape) in networks.items():
        for batch in (1, 4):
            onnx.save(export(network, (batch, *shape)), folder / f"{name}_batch{batch}.onnx")


if __name__ == "__main__":
    main()
