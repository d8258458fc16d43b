#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes simcnn.json: what SimCNN computes, by PyTorch in float64, from weights and images that a formula gives.

What PyTorch defines otherwise is written here by hand, as Keras has it: batch normalization (biased variance for the
moving average too), Adam (epsilon outside the bias correction) and SGD with momentum.

A whole tensor goes into the file as its norm, 16 of its values and 16 projections on vectors of signs: for any error
e and random signs s, the mean of (s.e)^2 is |e|^2, so the projections measure the L2 error over all values.

The tolerances come from here too and not from what the engine happens to give: the same network is run DRAWS times with the
error of float arithmetic added to every operator's result, forward and backward. For a sum of K products it is what
K independent roundings of the partial sums s_k give, each of variance (u s_k)^2 / 3, u = 2^-24: with a mean and a
random part in the products, the sum of s_k^2 is K y^2 / 3 + K S / 2, y the result and S the sum of the squared products.
That is the serial order, the worst. A tolerance is SAFETY times the largest deviation seen.

A ReLU or a maximum may lie so near its kink that rounding decides; the gradient then jumps, and no tolerance is right.
Among SEEDS the first one is taken with which no draw changes any such decision in the step whose gradients are stored,
and so little comes of those that it changes later that no loss deviates by more than MOST_LOSS_DEVIATION.
"""
import argparse
import json
import math
import platform

import numpy
import torch
import torch.nn.functional as F

UNIT = 2.0**-24  # rounding unit of float
DRAWS = 8
SAFETY = 2.0
SEEDS = range(1, 200)
MOST_LOSS_DEVIATION = 5e-6
BATCHES = [16, 16, 16, 16, 16, 16, 9, 16, 16, 16]  # a smaller batch among them
SIZE, CHANNELS, CLASSES = 32, 3, 10
BN_MOMENTUM, BN_EPSILON = 0.99, 1e-3
ADAM = {"learning_rate": 0.0001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}
SGD = {"learning_rate": 0.0001, "momentum": 0.9}
SAMPLES = PROJECTIONS = 16

CONVS = [("conv2d", 3, 32), ("conv2d_1", 32, 64), ("conv2d_2", 64, 64)]
NORMS = ["batch_normalization", "batch_normalization_1", "batch_normalization_2"]
POOLS = ["max_pooling2d", "max_pooling2d_1", None]
DENSES = [("dense", 1024, 64), ("dense_1", 64, CLASSES)]


def mix(h):
    """The finalizer of MurmurHash3 over uint32; golden_simcnn.c has the same."""
    h = h.astype(numpy.uint64)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = ((h ^ (h >> numpy.uint64(shift))) * numpy.uint64(factor)) & numpy.uint64(0xFFFFFFFF)
    return (h ^ (h >> numpy.uint64(16))).astype(numpy.uint32)


def bits(seed, stream, count):
    """count random words: a pure function of (seed, stream, index)."""
    key = mix(numpy.array([(seed * 0x9E3779B9 + stream) & 0xFFFFFFFF]))
    return mix((key.astype(numpy.uint64) + numpy.arange(count, dtype=numpy.uint64)) & numpy.uint64(0xFFFFFFFF))


def parameter_list():
    """(name, shape as the engine has it, centre, scale): the values are centre + scale * (uniform in [-1, 1))."""
    out = []
    limit = lambda fan: round(math.sqrt(6.0 / fan) * 1024) / 1024
    for (conv, ic, oc), norm in zip(CONVS, NORMS):
        out.append((conv + "/kernel", [3, 3, ic, oc], 0.0, limit(9 * (ic + oc))))
        out.append((conv + "/bias", [oc], 0.0, 0.125))
        out.append((norm + "/gamma", [oc], 1.0, 0.5))
        out.append((norm + "/beta", [oc], 0.0, 0.25))
        out.append((norm + "/moving_mean", [oc], 0.25, 0.25))
        out.append((norm + "/moving_variance", [oc], 0.5, 0.25))
    for dense, fan_in, fan_out in DENSES:
        out.append((dense + "/kernel", [fan_in, fan_out], 0.0, limit(fan_in + fan_out)))
        out.append((dense + "/bias", [fan_out], 0.0, 0.125))
    return out


def given_parameters(seed):
    values = {}
    for stream, (name, shape, centre, scale) in enumerate(parameter_list()):
        unit = (bits(seed, stream, math.prod(shape)) >> 8).astype(numpy.float32) * numpy.float32(2.0**-23) - numpy.float32(1)
        value = numpy.float32(centre) + numpy.float32(scale) * unit  # every step in float, as in C
        values[name] = torch.tensor(value.astype(numpy.float64).reshape(shape))
    return values


def given_batch(seed, first, n):
    """Images first .. first + n - 1 as NHWC, and their labels: a picture of the class and noise, both in 0..255."""
    labels = [int(bits(seed, 500, first + n)[i]) % CLASSES for i in range(first, first + n)]
    byte = lambda stream: bits(seed, stream, SIZE * SIZE * CHANNELS) >> 24
    images = [(3 * byte(600 + label) + byte(1000 + first + i)) // 4 for i, label in enumerate(labels)]
    pixels = numpy.stack(images).astype(numpy.float32) / numpy.float32(255)
    return torch.tensor(pixels.astype(numpy.float64).reshape(n, SIZE, SIZE, CHANNELS)), torch.tensor(labels)


class Float:
    """The error of float arithmetic. Without a generator there is none, and all operators are PyTorch's own."""

    def __init__(self, generator=None):
        self.generator = generator

    def signs(self, like):
        return torch.randint(0, 2, like.shape, generator=self.generator).to(torch.float64) * 2 - 1

    def round(self, value, ulps=1.0):
        return value if self.generator is None else value * (1 + ulps * UNIT * self.signs(value))

    def sum(self, value, squares, terms):
        """The sum `value` of `terms` products whose squares sum to `squares`."""
        deviation = UNIT * torch.sqrt(terms * (value**2 / 9 + squares / 6))
        return value + deviation * torch.randn(value.shape, generator=self.generator, dtype=torch.float64)


class NoisyConvolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, noise):
        ctx.save_for_backward(x, w)
        ctx.noise = noise
        return noise.sum(F.conv2d(x, w), F.conv2d(x**2, w**2), w[0].numel())

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        dx = ctx.noise.sum(F.conv_transpose2d(g, w), F.conv_transpose2d(g**2, w**2), w[:, 0].numel())
        back = lambda a, b: F.conv2d(a.transpose(0, 1), b.transpose(0, 1)).transpose(0, 1)
        return dx, ctx.noise.sum(back(x, g), back(x**2, g**2), g[:, 0].numel()), None


class NoisyRound(torch.autograd.Function):
    """Element by element work of a few operations, forward and backward."""

    @staticmethod
    def forward(ctx, x, noise):
        ctx.noise = noise
        return noise.round(x, 4)

    @staticmethod
    def backward(ctx, g):
        return ctx.noise.round(g, 4), None


class NoisySpread(torch.autograd.Function):
    """(c) to (n, c, h, w): its gradient is a sum over n, h and w."""

    @staticmethod
    def forward(ctx, v, like, noise):
        ctx.noise = noise
        return v[None, :, None, None].expand_as(like)

    @staticmethod
    def backward(ctx, g):
        return ctx.noise.sum(g.sum((0, 2, 3)), (g**2).sum((0, 2, 3)), g[:, 0].numel()), None, None


class NoisyMean(torch.autograd.Function):
    """(n, c, h, w) to (c)."""

    @staticmethod
    def forward(ctx, x, noise):
        ctx.shape, ctx.count = x.shape, x[:, 0].numel()
        return noise.sum(x.sum((0, 2, 3)), (x**2).sum((0, 2, 3)), ctx.count) / ctx.count

    @staticmethod
    def backward(ctx, g):
        return (g / ctx.count)[None, :, None, None].expand(ctx.shape), None


class SimCNN:
    """The forward pass; images inside are NCHW, as PyTorch wants them."""

    def __init__(self, noise=None):
        self.noise = noise or Float()
        self.exact = self.noise.generator is None

    def convolution(self, x, w):
        return F.conv2d(x, w) if self.exact else NoisyConvolution.apply(x, w, self.noise)

    def spread(self, v, like):
        return v[None, :, None, None].expand_as(like) if self.exact else NoisySpread.apply(v, like, self.noise)

    def mean(self, x):
        return x.mean((0, 2, 3)) if self.exact else NoisyMean.apply(x, self.noise)

    def round(self, x):
        return x if self.exact else NoisyRound.apply(x, self.noise)

    def relu(self, x):
        self.decisions.append(x.detach() > 0)
        return F.relu(x)

    def batch_normalization(self, x, p, name):
        if self.training:
            mean = self.mean(x)
            variance = self.mean((x - self.spread(mean, x)) ** 2)  # biased
            for role, value in (("moving_mean", mean), ("moving_variance", variance)):
                moved = p[name + "/" + role] * BN_MOMENTUM + value.detach() * (1 - BN_MOMENTUM)
                self.moved[name + "/" + role] = self.noise.round(moved, 2)
        else:
            mean, variance = p[name + "/moving_mean"], p[name + "/moving_variance"]
        scale = p[name + "/gamma"] / torch.sqrt(variance + BN_EPSILON)
        y = (x - self.spread(mean, x)) * self.spread(scale, x) + self.spread(p[name + "/beta"], x)
        return torch.where(x > 0, self.round(y), y)  # equal values stay equal: the zeros of a ReLU tie in a maximum

    def forward(self, p, images, training):
        """Logits; self.activations (NHWC), self.moved (new moving statistics) and self.decisions are set."""
        self.training, self.activations, self.moved, self.decisions = training, {}, {}, []
        keep = lambda name, t: self.activations.__setitem__(name, t.detach().permute(0, 2, 3, 1))
        x = images.permute(0, 3, 1, 2)
        for (conv, _, _), norm, pool in zip(CONVS, NORMS, POOLS):
            x = self.convolution(x, p[conv + "/kernel"].permute(3, 2, 0, 1))
            x = self.relu(x + self.spread(p[conv + "/bias"], x))
            keep(conv, x)
            x = self.batch_normalization(x, p, norm)
            keep(norm, x)
            if pool:
                x, where = F.max_pool2d(x, 2, return_indices=True)  # the first among equals, as here on a CPU
                self.decisions.append(where)
                keep(pool, x)
        x = x.permute(0, 2, 3, 1).reshape(len(images), -1, 1, 1)  # flatten in Keras's order: a dense layer is a 1x1 convolution
        for name, _, _ in DENSES:
            x = self.convolution(x, p[name + "/kernel"].t()[:, :, None, None])
            x = x + self.spread(p[name + "/bias"], x)
            x = self.relu(x) if name == "dense" else self.round(x)
            keep(name, x)
        return x[:, :, 0, 0]

    def gradients(self, p, images, labels):
        """The mean loss and the gradient of every trainable parameter."""
        trained = {k: v.clone().requires_grad_() for k, v in p.items() if "/moving_" not in k}
        loss = F.cross_entropy(self.forward({**p, **trained}, images, True), labels)
        loss.backward()
        return self.noise.round(loss.detach(), 4).item(), {k: v.grad for k, v in trained.items()}


def train(seed, optimizer, noise=None):
    """Losses of the steps, and the moving statistics after them."""
    net, p, state, losses, first = SimCNN(noise), given_parameters(seed), {}, [], 0
    for step, n in enumerate(BATCHES, 1):
        loss, gradients = net.gradients(p, *given_batch(seed, first, n))
        first += n
        losses.append(loss)
        for name, g in gradients.items():
            m, v = state.get(name, (torch.zeros_like(g), torch.zeros_like(g)))
            if optimizer == "adam":
                m = net.noise.round(m + (g - m) * (1 - ADAM["beta1"]), 3)
                v = net.noise.round(v + (g * g - v) * (1 - ADAM["beta2"]), 3)
                rate = ADAM["learning_rate"] * math.sqrt(1 - ADAM["beta2"] ** step) / (1 - ADAM["beta1"] ** step)
                change = net.noise.round(-rate * m / (torch.sqrt(v) + ADAM["epsilon"]), 4)
            else:
                m = net.noise.round(SGD["momentum"] * m - SGD["learning_rate"] * g, 3)
                change = m
            state[name] = (m, v)
            p[name] = net.noise.round(p[name] + change)
        p.update(net.moved)
    return losses, {k: v for k, v in p.items() if "/moving_" in k}


def one_step(seed, noise=None):
    """Tensors by name, grouped: everything of the first step, and the logits of its images in inference; and the
    decisions at kinks."""
    net, p = SimCNN(noise), given_parameters(seed)
    images, labels = given_batch(seed, 0, BATCHES[0])
    _, gradients = net.gradients(p, images, labels)
    activations, decisions = net.activations, net.decisions
    inference = net.forward(p, images, False).detach()
    return {"activations": activations, "gradients": gradients, "inference": {"dense_1": inference}}, decisions


def relative(a, b):
    return ((a - b).norm() / b.norm()).item()


def record(tensor, tolerance):
    """One tensor as the file holds it. `element` is the largest error of one value, `tolerance` the relative L2 error."""
    flat = tensor.reshape(-1).double().numpy()
    at = [(2 * j + 1) * len(flat) // (2 * SAMPLES) for j in range(SAMPLES)]
    word = bits(0, 9999, len(flat))
    signs = [1.0 - 2.0 * ((word >> j) & 1).astype(numpy.float64) for j in range(PROJECTIONS)]
    digits = lambda value: float("%.12g" % value)
    return {
        "shape": list(tensor.shape),
        "tolerance": float("%.3g" % tolerance[0]),
        "element": float("%.3g" % tolerance[1]),
        "norm": digits(numpy.linalg.norm(flat)),
        "samples": [digits(flat[i]) for i in at],
        "projections": [digits(s @ flat) for s in signs],
    }


def noise_draws(seed):
    return [Float(torch.Generator().manual_seed(1000 * seed + d)) for d in range(DRAWS)]


def rounding_decides(seed):
    exact = one_step(seed)[1]
    draws = (one_step(seed, noise)[1] for noise in noise_draws(seed))
    return any(not torch.equal(a, b) for draw in draws for a, b in zip(exact, draw))


def training_draws(seed, optimizer):
    """Losses and moving statistics, the relative deviation of each loss over the draws, and the draws."""
    losses, moving = train(seed, optimizer)
    draws = [train(seed, optimizer, noise) for noise in noise_draws(seed)]
    deviations = [max(abs(d[0][i] - losses[i]) / losses[i] for d in draws) for i in range(len(losses))]
    return losses, moving, deviations, draws


def choose_seed():
    for seed in SEEDS:
        if rounding_decides(seed):
            print(f"seed {seed}: rounding decides at a kink", flush=True)
        elif max(max(training_draws(seed, optimizer)[2]) for optimizer in ("sgd", "adam")) > MOST_LOSS_DEVIATION:
            print(f"seed {seed}: rounding decides at a kink in a later step", flush=True)
        else:
            return seed
    raise SystemExit("no seed keeps away from the kinks")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", default="simcnn.json")
    parser.add_argument("--seed", type=int, help="take this seed and do not look at kinks")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seed = arguments.seed or choose_seed()

    exact = one_step(seed)[0]
    noisy = [one_step(seed, noise)[0] for noise in noise_draws(seed)]
    groups = {}
    for group, tensors in exact.items():
        groups[group] = {}
        for name, tensor in tensors.items():
            error = SAFETY * max(relative(draw[group][name], tensor) for draw in noisy)
            element = SAFETY * max((draw[group][name] - tensor).abs().max().item() for draw in noisy)
            groups[group][name] = record(tensor, (error, element))

    for optimizer, settings in (("adam", ADAM), ("sgd", SGD)):
        losses, moving, deviations, draws = training_draws(seed, optimizer)
        # They grow from step to step, each draw along its own path: a later one may be small by chance.
        error = SAFETY * numpy.maximum.accumulate(deviations)
        groups[optimizer] = {
            "settings": settings,
            "losses": [float("%.12g" % loss) for loss in losses],
            "tolerances": [float("%.3g" % e) for e in error],
            "moving": {},
        }
        for name, tensor in moving.items():
            tolerance = SAFETY * max(relative(d[1][name], tensor) for d in draws)
            element = SAFETY * max((d[1][name] - tensor).abs().max().item() for d in draws)
            groups[optimizer]["moving"][name] = record(tensor, (tolerance, element))

    document = {
        "made_by": "tests/golden/make_simcnn.py",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__},
        "input": [SIZE, SIZE, CHANNELS],
        "classes": CLASSES,
        "seed": seed,
        "batches": BATCHES,
        "parameters": [dict(zip(("name", "shape", "centre", "scale"), row)) for row in parameter_list()],
        **groups,
    }
    with open(arguments.out, "w", encoding="ascii") as out:
        json.dump(document, out, indent=1)
        out.write("\n")
    for group in ("activations", "gradients", "inference"):
        print(group, {name: t["tolerance"] for name, t in groups[group].items()})
    for optimizer in ("adam", "sgd"):
        print(optimizer, groups[optimizer]["losses"], groups[optimizer]["tolerances"])


if __name__ == "__main__":
    main()
