# SPDX-License-Identifier: MIT
"""PyTorch as a yardstick, tuned: its side of the protocol in answer.h, and the exporter for ONNX Runtime.

torch_peer.py train|infer NETWORK BATCH THREADS nchw|nhwc
torch_peer.py depthwise SIDE:CHANNELS:STRIDE,... BATCH THREADS
torch_peer.py export NETWORK BATCH FILE
The environment that tunes it (memory, OpenBLAS) is set by who starts it.
"""
import sys
import time

import torch
from torch import nn
import torch.nn.functional as F

CLASSES = 10
torch.manual_seed(1)
torch.set_flush_denormal(True)


class SimCNN(nn.Module):
    def __init__(self):
        super().__init__()
        norm = dict(eps=1e-3, momentum=0.01)
        self.conv1, self.norm1 = nn.Conv2d(3, 32, 3), nn.BatchNorm2d(32, **norm)
        self.conv2, self.norm2 = nn.Conv2d(32, 64, 3), nn.BatchNorm2d(64, **norm)
        self.conv3, self.norm3 = nn.Conv2d(64, 64, 3), nn.BatchNorm2d(64, **norm)
        self.dense1, self.dense2 = nn.Linear(1024, 64), nn.Linear(64, CLASSES)

    def forward(self, x):
        x = F.max_pool2d(self.norm1(F.relu(self.conv1(x))), 2)
        x = F.max_pool2d(self.norm2(F.relu(self.conv2(x))), 2)
        x = self.norm3(F.relu(self.conv3(x)))
        return self.dense2(F.relu(self.dense1(torch.flatten(x, 1))))


class Block(nn.Module):
    """Keras's bottleneck: the stride sits on the first 1x1 convolution."""

    def __init__(self, before, width, stride, first):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(before, width, 1, stride), norm_of(width)
        self.conv2, self.norm2 = nn.Conv2d(width, width, 3, 1, 1), norm_of(width)
        self.conv3, self.norm3 = nn.Conv2d(width, 4 * width, 1), norm_of(4 * width)
        self.shortcut = nn.Sequential(nn.Conv2d(before, 4 * width, 1, stride), norm_of(4 * width)) if first else None

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)), inplace=True)
        y = F.relu(self.norm2(self.conv2(y)), inplace=True)
        y = self.norm3(self.conv3(y))
        return F.relu(y + (self.shortcut(x) if self.shortcut else x), inplace=True)


def norm_of(width):
    return nn.BatchNorm2d(width, eps=1.001e-5, momentum=0.01)


class ResNet50(nn.Module):
    """up: how far images are scaled up first; heads: widths of the dense layers."""

    def __init__(self, up, heads):
        super().__init__()
        self.up = up
        self.conv1, self.norm1 = nn.Conv2d(3, 64, 7, 2, 3), norm_of(64)
        before, blocks = 64, []
        for width, stride, count in ((64, 1, 3), (128, 2, 4), (256, 2, 6), (512, 2, 3)):
            for i in range(count):
                blocks.append(Block(before, width, stride if i == 0 else 1, i == 0))
                before = 4 * width
        self.blocks = nn.Sequential(*blocks)
        self.heads = nn.ModuleList(nn.Linear(a, b) for a, b in zip((before,) + heads, heads))

    def forward(self, x):
        if self.up > 1:
            x = F.interpolate(x, scale_factor=self.up, mode="nearest")
        x = F.relu(self.norm1(self.conv1(x)), inplace=True)
        x = self.blocks(F.max_pool2d(x, 3, 2, 1))  # after a ReLU, padding with -inf or with 0 is the same
        x = x.mean((2, 3))
        for dense in self.heads[:-1]:
            x = F.relu(dense(x))
        return self.heads[-1](x)


def make(network):
    """The network, the side of its images, its classes."""
    if network == "simcnn":
        return SimCNN(), 32, CLASSES
    if network == "resnet50":
        return ResNet50(7, (1024, 512, CLASSES)), 32, CLASSES
    if network == "resnet50-imagenet":
        return ResNet50(1, (1000,)), 224, 1000
    sys.exit("torch_peer.py: no such network: " + network)


def count_values(model):
    """Parameters and moving statistics, as Keras counts them."""
    return sum(t.numel() for name, t in model.state_dict().items() if not name.endswith("num_batches_tracked"))


def answer(about, parameters, go):
    """go(case, times) runs a case."""
    print(f"ready parameters={parameters} flops=0 about {about}", flush=True)
    for line in iter(sys.stdin.readline, ""):
        _, case, times = line.split()
        go(int(case), 0)  # what a case needs to be prepared is not counted
        start = time.perf_counter()
        go(int(case), int(times))
        print(f"{time.perf_counter() - start:.9f}", flush=True)


def trainer(network, model, x, y):
    if network == "simcnn":
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, foreach=True)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, foreach=True)
    model.train()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def predictor(model, x):
    model.eval()

    def run():
        with torch.inference_mode():
            return F.softmax(model(x), 1)

    return run


def compete(task, network, batch, threads, layout):
    torch.set_num_threads(threads)
    model, side, classes = make(network)
    x, y = torch.rand(batch, 3, side, side), torch.arange(batch) % classes
    if layout == "nhwc":
        model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    run = trainer(network, model, x, y) if task == "train" else predictor(model, x)

    def go(_, times):
        for _ in range(times):
            run()

    answer(f"PyTorch {torch.__version__} {layout}", count_values(model), go)


def depthwise_run(side, channels, stride, direction, batch):
    """A 3x3 depthwise convolution, padded by 1 on all sides: as many products as with Keras's padding."""

    def image(size):
        return (torch.rand(batch, channels, size, size) - 0.5).contiguous(memory_format=torch.channels_last)

    x, diff = image(side), image(side // stride)
    weights, bias = torch.rand(channels, 1, 3, 3) - 0.5, torch.rand(channels) - 0.5
    shape = ([stride, stride], [1, 1], [1, 1])
    if direction == 0:
        return lambda: F.conv2d(x, weights, bias, *shape, channels)
    wanted = [direction == 1, direction == 2, False]
    return lambda: torch.ops.aten.convolution_backward(diff, x, weights, None, *shape, False, [0, 0], channels, wanted)


def depthwise(layers, batch, threads):
    torch.set_num_threads(threads)
    layers = [[int(number) for number in layer.split(":")] for layer in layers.split(",")]
    prepared = {}

    def go(case, times):
        if case not in prepared:
            prepared.clear()
            prepared[case] = depthwise_run(*layers[case // 3], case % 3, batch)
        with torch.no_grad():
            for _ in range(times):
                prepared[case]()

    answer(f"PyTorch {torch.__version__}", 0, go)


def export(network, batch, path):
    model, side, _ = make(network)
    whole = nn.Sequential(model, nn.Softmax(1)).eval()
    torch.onnx.export(whole, torch.rand(batch, 3, side, side), path, input_names=["images"],
                      output_names=["probabilities"], opset_version=13)


if __name__ == "__main__":
    if len(sys.argv) == 6 and sys.argv[1] in ("train", "infer"):
        compete(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    elif len(sys.argv) == 5 and sys.argv[1] == "depthwise":
        depthwise(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    elif len(sys.argv) == 5 and sys.argv[1] == "export":
        export(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    else:
        sys.exit(__doc__)
