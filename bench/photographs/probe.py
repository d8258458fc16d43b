# SPDX-License-Identifier: MIT
"""A linear probe by PyTorch, and McNemar's test against Ocellus's predictions: probe.py WEIGHTS RUN LEARN JUDGE PREDICTIONS

WEIGHTS is the cached TensorFlow.js folder of ResNet50's ImageNet weights. The features are those of its average pooling, at the
run's input size, of the pictures that the run learned from (data.csv) as the run sees them: the middle of each, antialiased
bilinear. The probe is a logistic regression on standardised features with its penalty chosen on a fifth of the training
pictures; it learns from the mirrored pictures too, as the run does."""
import configparser
import csv
import json
import math
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

WEIGHTS, RUN, LEARN, JUDGE, PREDICTIONS = sys.argv[1:6]
torch.manual_seed(1)


def load_weights():
    group = json.load(open(os.path.join(WEIGHTS, "model.json")))["weightsManifest"][0]
    raw = b"".join(open(os.path.join(WEIGHTS, path), "rb").read() for path in group["paths"])
    tensors, at = {}, 0
    for weight in group["weights"]:
        count = int(np.prod(weight["shape"]))
        value = torch.from_numpy(np.frombuffer(raw, np.float32, count, at).reshape(weight["shape"]).copy())
        tensors[weight["name"]] = value.permute(3, 2, 0, 1).contiguous() if value.dim() == 4 else value
        at += 4 * count
    return tensors


T = load_weights()


def convolution(x, name, norm, stride=1, pad=0):
    x = F.conv2d(x, T[name + "/kernel"], T[name + "/bias"], stride, pad)
    return F.batch_norm(x, T[norm + "/moving_mean"], T[norm + "/moving_variance"], T[norm + "/gamma"], T[norm + "/beta"],
                        False, 0, 1e-3)


def features(x):
    x = F.relu(convolution(F.pad(x, (3, 3, 3, 3)), "conv1", "bn_conv1", 2))
    x = F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 2)
    for stage, blocks in ((2, "abc"), (3, "abcd"), (4, "abcdef"), (5, "abc")):
        for block in blocks:
            r, b = f"res{stage}{block}_branch", f"bn{stage}{block}_branch"
            stride = 2 if block == "a" and stage > 2 else 1
            y = F.relu(convolution(x, r + "2a", b + "2a", stride))
            y = F.relu(convolution(y, r + "2b", b + "2b", 1, 1))
            y = convolution(y, r + "2c", b + "2c")
            x = F.relu(y + (convolution(x, r + "1", b + "1", stride) if block == "a" else x))
    return x.mean((2, 3))


def view(path, side):
    """The largest square from the middle, resized; BGR less ImageNet's means."""
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    width, height = picture.size
    short = min(width, height)
    left, top = (width - short) // 2, (height - short) // 2
    picture = picture.resize((side, side), Image.BILINEAR, (left, top, left + short, top + short))
    pixels = np.asarray(picture, np.float32)[:, :, ::-1] - np.array([103.939, 116.779, 123.68], np.float32)
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def features_of(root, paths, side, mirrored):
    out = []
    with torch.no_grad():
        for i in range(0, len(paths), 32):
            x = torch.stack([view(os.path.join(root, path), side) for path in paths[i:i + 32]])
            out.append(features(x.flip(3) if mirrored else x))
    return torch.cat(out)


def fit(x, y, classes, penalty):
    w = torch.zeros(x.shape[1], classes, requires_grad=True)
    b = torch.zeros(classes, requires_grad=True)
    optimizer = torch.optim.LBFGS([w, b], max_iter=300, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(x @ w + b, y) + penalty * (w * w).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return w.detach(), b.detach()


def main():
    recipe = configparser.ConfigParser()
    recipe.read(os.path.join(RUN, "recipe.ini"))
    side = int(recipe["model"]["input_size"])
    rows = [row for row in csv.DictReader(open(os.path.join(RUN, "data.csv"))) if row["split"] == "train"]
    names = sorted({row["class"] for row in rows})
    y = torch.tensor([names.index(row["class"]) for row in rows])
    judged = list(csv.DictReader(open(PREDICTIONS)))
    truth = torch.tensor([int(row["label"]) for row in judged])
    plain, mirrored = (features_of(LEARN, [row["path"] for row in rows], side, m) for m in (False, True))
    mean, deviation = plain.mean(0), plain.std(0) + 1e-3
    plain, mirrored = (plain - mean) / deviation, (mirrored - mean) / deviation
    order = torch.randperm(len(y))
    held, kept = order[:len(y) // 5], order[len(y) // 5:]
    best = max((10.0 ** (e / 2) for e in range(-8, 1)), key=lambda p: ((lambda w, b: (
        (plain[held] @ w + b).argmax(1) == y[held]).float().mean().item())(*fit(
            torch.cat([plain[kept], mirrored[kept]]), torch.cat([y[kept], y[kept]]), len(names), p))))
    w, b = fit(torch.cat([plain, mirrored]), torch.cat([y, y]), len(names), best)
    others = (features_of(JUDGE, [row["path"] for row in judged], side, False) - mean) / deviation
    probe = (others @ w + b).argmax(1) == truth
    ours = torch.tensor([row["label"] == row["predicted"] for row in judged])
    only_ours, only_probe = int((ours & ~probe).sum()), int((probe & ~ours).sum())
    n, k = only_ours + only_probe, min(only_ours, only_probe)
    p = min(1.0, 2 * sum(math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) - n * math.log(2))
                         for i in range(k + 1))) if n else 1.0
    print(f"probe on {len(y)} pictures at {side}: {100 * probe.float().mean():.2f} % of {len(judged)} (penalty {best:g})")
    print(f"ocellus: {100 * ours.float().mean():.2f} %; right alone: {only_ours}, the probe alone: {only_probe}; McNemar p = {p:.2g}")


main()
