#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes resnet50.json: what ResNet50 with the ImageNet weights computes, by PyTorch in float64.

The network is written here from Keras's description of it, and the weights are read from the TensorFlow.js shards by this
script: nothing is shared with the engine but the files. Logits: the four photographs, and twelve images of CIFAR-10's test set
each up-sampled by 7. Gradients: the fine-tuning network (batch statistics, a head of three dense layers whose values a formula
gives) for a batch of four images of CIFAR-10.

Some of the 40 million inputs of ReLUs lie so near 0 that float's rounding decides their sign, and each such decision shows in all
gradients below it: PyTorch's own in float are then wrong by up to 1e-2, and no tolerance is right. So the values that BatchNormalization
(or a dense layer) adds are moved a little in the few channels where an input comes nearer than DISTANCE; the file lists them.

A tensor goes into the file as its norm, some of its values and 16 projections on vectors of signs, as in make_simcnn.py. A bias before
a BatchNormalization has a gradient of 0: for it the file holds the sums of |gradient| of the convolution's output, by which
rounding is judged.

    ./make_resnet50.py --weights ~/.cache/ocellus/resnet50 --cifar ~/.cache/ocellus/cifar10
"""
import argparse
import json
import math
import os
import platform
import struct
import zlib

import numpy
import torch
import torch.nn.functional as F

from make_simcnn import bits

EPSILON = 1.001e-5  # RESNET50_EPSILON
SEED = 1
PHOTOGRAPHS = ["cat", "coffee", "camera", "rocket"]
CIFAR, BATCH = 12, 4
DISTANCE = 3e-5  # of the root mean square of all inputs of that ReLU; the error of float is about 1e-6
MEANS = [103.939, 116.779, 123.68]  # blue, green, red
HEAD = [("dense", 2048, 1024), ("dense_1", 1024, 512), ("classification", 512, 10)]
SAMPLES, PROJECTIONS = 8, 16
STAGES = [("2", "abc"), ("3", "abcd"), ("4", "abcdef"), ("5", "abc")]


def read_weights(folder):
    """Tensors by Keras's current names; kernels as PyTorch has them."""
    with open(os.path.join(folder, "model.json"), encoding="utf-8") as file:
        (group,) = json.load(file)["weightsManifest"]
    data = b"".join(open(os.path.join(folder, path), "rb").read() for path in group["paths"])
    weights, at = {}, 0
    for entry in group["weights"]:
        count = math.prod(entry["shape"])
        value = numpy.frombuffer(data, "<f4", count, at).reshape(entry["shape"])
        at += 4 * count
        layer, role = entry["name"].split("/")
        value = torch.tensor(value.astype(numpy.float64))
        weights[f"{current_name(layer)}/{role}"] = value.permute(3, 2, 0, 1) if value.dim() == 4 else value
    assert at == len(data)
    return weights


def current_name(layer):
    names = {"conv1": "conv1_conv", "bn_conv1": "conv1_bn", "fc1000": "predictions"}
    if layer in names:
        return names[layer]
    kind, place = ("conv", layer[3:]) if layer.startswith("res") else ("bn", layer[2:])
    branch = {"branch1": 0, "branch2a": 1, "branch2b": 2, "branch2c": 3}[place[3:]]
    return f"conv{place[0]}_block{ord(place[1]) - ord('a') + 1}_{branch}_{kind}"


def read_png(path):
    """8-bit RGB without interlacing, as [height][width][3]."""
    data, at, packed = open(path, "rb").read(), 8, b""
    while at < len(data):
        (size,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data[at + 8 : at + 21])
            assert (depth, colour, interlaced) == (8, 2, 0), path
        elif kind == b"IDAT":
            packed += data[at + 8 : at + 8 + size]
        at += 12 + size
    raw, row = zlib.decompress(packed), 3 * width
    above, rows = [0] * row, []
    for y in range(height):
        method, line = raw[y * (row + 1)], list(raw[y * (row + 1) + 1 : (y + 1) * (row + 1)])
        for i in range(row):
            left, up, corner = line[i - 3] if i >= 3 else 0, above[i], above[i - 3] if i >= 3 else 0
            paeth = min((left, up, corner), key=lambda v: abs(left + up - corner - v))
            line[i] = (line[i] + (0, left, up, (left + up) // 2, paeth)[method]) & 255
        rows.append(line)
        above = line
    return numpy.array(rows, numpy.uint8).reshape(height, width, 3)


def read_cifar(folder, count):
    """The first images of the test set, [n][32][32][3], and their labels."""
    records = numpy.fromfile(os.path.join(folder, "test_batch.bin"), numpy.uint8, count * 3073).reshape(count, 3073)
    return records[:, 1:].reshape(count, 3, 32, 32).transpose(0, 2, 3, 1), torch.tensor(records[:, 0].astype(numpy.int64))


def prepare(images):
    """RGB bytes to Keras's "caffe" input, NCHW; the subtraction in float, as the engine's input has it."""
    bgr = images[..., ::-1].astype(numpy.float32) - numpy.array(MEANS, numpy.float32)
    return torch.tensor(bgr.transpose(0, 3, 1, 2).astype(numpy.float64))


def enlarge(images):
    return images.repeat(7, axis=1).repeat(7, axis=2)


class ResNet50:
    def __init__(self, parameters, training):
        self.p, self.training, self.outputs, self.moved = parameters, training, {}, None

    def relu(self, x, added):
        """`added` is the parameter that was added to x, one value a channel. When self.moved is a map, it gets what is moved."""
        if self.moved is not None:
            x = self.keep_away(x, added)
        return F.relu(x)

    def keep_away(self, x, added):
        """Moves x out of the neighbourhood of 0, by the smallest change of the added values."""
        distance = DISTANCE * x.pow(2).mean().sqrt().item()
        channels = x.transpose(0, 1).flatten(1)
        changed = self.p[added].clone()
        for channel in torch.nonzero((channels.abs() < distance).any(1)).flatten().tolist():
            values = numpy.sort(channels[channel].numpy())
            low = numpy.concatenate(([-numpy.inf], values)) + distance  # between neighbours there is room from low to high
            high = numpy.concatenate((values, [numpy.inf])) - distance
            zero = numpy.clip(0, low, numpy.maximum(low, high))[low <= high]
            value = numpy.float32(changed[channel].item() - zero[numpy.abs(zero).argmin()])
            changed[channel] = float(value)
            self.moved.setdefault(added, []).append([channel, digits(float(value))])
        shift = (changed - self.p[added]).reshape([1, -1] + [1] * (x.dim() - 2))
        self.p[added] = changed
        return x + shift

    def convolution(self, x, name, stride=1, padding=0):
        """And its BatchNormalization."""
        y = F.conv2d(x, self.p[name + "_conv/kernel"], self.p[name + "_conv/bias"], stride, padding)
        if self.training:
            if y.requires_grad:
                y.retain_grad()
            self.outputs[name + "_conv"] = y
        mean, variance = self.p[name + "_bn/moving_mean"], self.p[name + "_bn/moving_variance"]
        if self.training:
            mean, variance = y.mean((0, 2, 3)), y.var((0, 2, 3), unbiased=False)
        scale = self.p[name + "_bn/gamma"] / torch.sqrt(variance + EPSILON)
        column = lambda v: v[None, :, None, None]
        return (y - column(mean)) * column(scale) + column(self.p[name + "_bn/beta"])

    def unit(self, x, name, stride=1, padding=0):
        return self.relu(self.convolution(x, name, stride, padding), name + "_bn/beta")

    def body(self, x):
        """Images to the means of the last 2048 channels."""
        x = self.unit(F.pad(x, (3, 3, 3, 3)), "conv1", 2)
        x = F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 2)
        for stage, blocks in STAGES:
            for i in range(len(blocks)):
                name, stride = f"conv{stage}_block{i + 1}", 2 if i == 0 and stage != "2" else 1
                y = self.unit(x, name + "_1", stride)
                y = self.unit(y, name + "_2", 1, 1)
                y = self.convolution(y, name + "_3")
                shortcut = self.convolution(x, name + "_0", stride) if i == 0 else x
                x = self.relu(y + shortcut, name + "_3_bn/beta")
        return x.mean((2, 3))

    def dense(self, x, name):
        return x @ self.p[name + "/kernel"] + self.p[name + "/bias"]

    def head(self, x):
        for name, _, _ in HEAD[:-1]:
            x = self.relu(self.dense(x, name), name + "/bias")
        return self.dense(x, HEAD[-1][0])


def given_head():
    """Values of the head: uniform within Glorot's limit (biases: 1/8), every step in float, as in C."""
    values = {}
    for layer, (name, fan_in, fan_out) in enumerate(HEAD):
        limit = round(math.sqrt(6.0 / (fan_in + fan_out)) * 1024) / 1024
        for role, shape, scale in (("kernel", (fan_in, fan_out), limit), ("bias", (fan_out,), 0.125)):
            word = bits(SEED, 2 * layer + (role == "bias"), math.prod(shape))
            unit = (word >> 8).astype(numpy.float32) * numpy.float32(2.0**-23) - numpy.float32(1)
            value = numpy.float32(scale) * unit
            values[f"{name}/{role}"] = torch.tensor(value.astype(numpy.float64).reshape(shape))
    return values


def digits(value):
    return float("%.9g" % value)


def places(count):
    return [(2 * j + 1) * count // (2 * SAMPLES) for j in range(SAMPLES)]


def record(tensor):
    flat = tensor.detach().reshape(-1).double().numpy()
    word = bits(0, 9999, len(flat))
    return {
        "norm": digits(numpy.linalg.norm(flat)),
        "samples": [digits(flat[i]) for i in places(len(flat))],
        "projections": [digits((1.0 - 2.0 * ((word >> j) & 1)) @ flat) for j in range(PROJECTIONS)],
    }


def logits(weights, pixels, names):
    records, worst = [], 0
    single = {name: value.float() for name, value in weights.items()}
    with torch.no_grad():
        for name, image in zip(names, pixels):
            x = prepare(image[None])
            network = ResNet50(weights, False)
            exact = network.dense(network.body(x), "predictions")[0]
            network = ResNet50(single, False)
            error = (network.dense(network.body(x.float()), "predictions")[0].double() - exact).abs().max()
            top = exact.topk(5)
            largest = exact.abs().max().item()
            worst = max(worst, error.item() / largest)
            print(name, top.indices.tolist(), digits(largest), error.item() / largest, flush=True)
            records.append({"image": name, "largest": digits(largest), "top": top.indices.tolist(),
                            "top_values": [digits(v) for v in top.values], **record(exact)})
    return records, worst


def one_step(parameters, dtype, images, labels):
    """The network after its backward pass, and the loss."""
    values = {k: v.to(dtype).clone().requires_grad_("/moving_" not in k) for k, v in parameters.items()}
    network = ResNet50(values, True)
    loss = F.cross_entropy(network.head(network.body(prepare(images).to(dtype))), labels)
    loss.backward()
    return network, loss.item()


def gradients(weights, images, labels):
    parameters = {**{k: v for k, v in weights.items() if not k.startswith("predictions")}, **given_head()}
    with torch.no_grad():
        network = ResNet50(parameters, True)
        network.moved = {}
        network.head(network.body(prepare(images)))
    moved = network.moved
    network, loss = one_step(parameters, torch.float64, images, labels)
    single, _ = one_step(parameters, torch.float32, images, labels)
    tensors, biases, worst = {}, {}, 0
    for name, value in network.p.items():
        if value.grad is None:
            continue
        layer, role = name.split("/")
        if role == "bias" and layer in network.outputs:
            sums = network.outputs[layer].grad.abs().sum((0, 2, 3))
            biases[name] = {"total": digits(sums.sum()), "samples": [digits(sums[i]) for i in places(len(sums))]}
        else:
            gradient = value.grad.permute(2, 3, 1, 0) if value.dim() == 4 else value.grad  # HWIO
            tensors[name] = record(gradient)
            worst = max(worst, ((single.p[name].grad.double() - value.grad).norm() / value.grad.norm()).item())
    print(f"gradients: {sum(map(len, moved.values()))} values moved, PyTorch in float is wrong by {worst:.2g}", flush=True)
    return {"batch": len(images), "loss": digits(loss), "pytorch_float32_error": digits(worst), "moved": moved,
            "tensors": tensors, "biases": biases}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", required=True, help="folder of model.json")
    parser.add_argument("--cifar", required=True, help="folder of test_batch.bin")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--out", default=os.path.join(here, "resnet50.json"))
    arguments = parser.parse_args()
    weights = read_weights(arguments.weights)
    images, labels = read_cifar(arguments.cifar, CIFAR)
    photographs = [read_png(os.path.join(here, "photographs", name + ".png")) for name in PHOTOGRAPHS]
    pixels = photographs + list(enlarge(images))
    records, float32_error = logits(weights, pixels, PHOTOGRAPHS + [f"cifar10 {i}" for i in range(CIFAR)])
    document = {
        "made_by": "tests/golden/make_resnet50.py",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__},
        "epsilon": EPSILON,
        "seed": SEED,
        "head": [dict(zip(("name", "inputs", "outputs"), row)) for row in HEAD],
        "pytorch_float32_error": digits(float32_error),
        "logits": records,
        "gradients": gradients(weights, enlarge(images[:BATCH]), labels[:BATCH]),
    }
    with open(arguments.out, "w", encoding="ascii") as out:
        json.dump(document, out, indent=None)
        out.write("\n")


if __name__ == "__main__":
    main()
