#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes summary_*.txt beside it: Keras 3's column widths, drawn by the "rich" library that Keras draws with (the copy
that pip carries will do). The rows are written out by hand from the report's tables and Keras's rules."""
import io
import os

try:
    from rich import console, table
except ImportError:
    from pip._vendor.rich import console, table

LINE = 80 - 4  # Keras leaves 4 of the terminal's 80 columns
THREE = (["Layer (type)", "Output Shape", "Param #"], ["left", "left", "right"], [0.45, 0.80, 1.0])
FOUR = (THREE[0] + ["Connected to"], THREE[1] + ["left"], [0.3, 0.56, 0.74, 1.0])


def summary(name, layout, rows, total, trainable, non_trainable):
    widths, position = [], 0
    for share in layout[2]:
        widths.append(int(share * LINE) - position)
        position += widths[-1]
    columns = [table.Column(h, justify=j, width=w) for h, j, w in zip(layout[0], layout[1], widths)]
    drawn = table.Table(*columns, width=LINE, show_lines=True)
    for row in rows:
        drawn.add_row(*row)
    out = io.StringIO()
    printer = console.Console(file=out, width=80, highlight=False, markup=False, color_system=None)
    printer.print(drawn)
    return (f'Model: "{name}"\n{out.getvalue()} Total params: {total}\n Trainable params: {trainable}\n'
            f" Non-trainable params: {non_trainable}\n")


def layer(name, kind, *rest):
    return (f"{name} ({kind})",) + rest


SIMCNN = [
    layer("conv2d", "Conv2D", "(None, 30, 30, 32)", "896"),
    layer("batch_normalization", "BatchNormalization", "(None, 30, 30, 32)", "128"),
    layer("max_pooling2d", "MaxPooling2D", "(None, 15, 15, 32)", "0"),
    layer("conv2d_1", "Conv2D", "(None, 13, 13, 64)", "18,496"),
    layer("batch_normalization_1", "BatchNormalization", "(None, 13, 13, 64)", "256"),
    layer("max_pooling2d_1", "MaxPooling2D", "(None, 6, 6, 64)", "0"),
    layer("conv2d_2", "Conv2D", "(None, 4, 4, 64)", "36,928"),
    layer("batch_normalization_2", "BatchNormalization", "(None, 4, 4, 64)", "256"),
    layer("flatten", "Flatten", "(None, 1024)", "0"),
    layer("dense", "Dense", "(None, 64)", "65,600"),
    layer("dense_1", "Dense", "(None, 10)", "650"),
]
RESNET50 = [
    layer("input_layer", "InputLayer", "(None, 32, 32, 3)", "0"),
    layer("up_sampling2d", "UpSampling2D", "(None, 224, 224, 3)", "0"),
    layer("resnet50", "Functional", "(None, 7, 7, 2048)", "23,587,712"),
    layer("global_average_pooling2d", "GlobalAveragePooling2D", "(None, 2048)", "0"),
    layer("flatten", "Flatten", "(None, 2048)", "0"),
    layer("dense", "Dense", "(None, 1024)", "2,098,176"),
    layer("dense_1", "Dense", "(None, 512)", "524,800"),
    layer("classification", "Dense", "(None, 10)", "5,130"),
]
BRANCHED = [
    layer("input_layer", "InputLayer", "(None, 112, 112, 16)", "0", "-"),
    layer("conv2_block1_0_conv", "Conv2D", "(None, 112, 112, 16)", "272", "input_layer[0][0]"),
    layer("a_name_that_is_wider_than_its_column", "Activation", "(None, 112, 112, 16)", "0", "conv2_block1_0_conv[0][0]"),
    layer("add", "Add", "(None, 112, 112, 16)", "0",
          "input_layer[0][0], a_name_that_is_wider_than_its_column[0][0]"),
]
NESTED = [
    layer("input_layer", "InputLayer", "(None, 8, 8, 3)", "0"),
    layer("body", "Functional", "(None, 2)", "386"),
    layer("   └ flatten", "Flatten", "(None, 192)", "0"),
    layer("   └ dense_of_a_rather_long_name", "Dense", "(None, 2)", "386"),
    layer("dense", "Dense", "(None, 2)", "6"),
]
MOBILE = [
    layer("input_layer", "InputLayer", "(None, 8, 8, 4)", "0", "-"),
    layer("depthwise_conv2d", "DepthwiseConv2D", "(None, 4, 4, 8)", "80", "input_layer[0][0]"),
    layer("average_pooling2d", "AveragePooling2D", "(None, 4, 4, 4)", "0", "input_layer[0][0]"),
    layer("re_lu", "ReLU", "(None, 4, 4, 8)", "0", "depthwise_conv2d[0][0]"),
    layer("multiply", "Multiply", "(None, 4, 4, 8)", "0", "re_lu[0][0], depthwise_conv2d[0][0], re_lu[0][0]"),
    layer("concatenate", "Concatenate", "(None, 4, 4, 16)", "0",
          "multiply[0][0], average_pooling2d[0][0], average_pooling2d[0][0]"),
    layer("leaky_re_lu", "LeakyReLU", "(None, 4, 4, 16)", "0", "concatenate[0][0]"),
    layer("elu", "ELU", "(None, 4, 4, 16)", "0", "leaky_re_lu[0][0]"),
    layer("reshape", "Reshape", "(None, 256)", "0", "elu[0][0]"),
    layer("dropout", "Dropout", "(None, 256)", "0", "reshape[0][0]"),
    layer("softmax", "Softmax", "(None, 256)", "0", "dropout[0][0]"),
]

FILES = {
    "simcnn": ("simcnn", THREE, SIMCNN, "123,210 (481.29 KB)", "122,890 (480.04 KB)", "320 (1.25 KB)"),
    "resnet50": ("resnet50", THREE, RESNET50, "26,215,818 (100.01 MB)", "26,162,698 (99.80 MB)", "53,120 (207.50 KB)"),
    "branched": ("branched", FOUR, BRANCHED, "272 (1.06 KB)", "0 (0.00 B)", "272 (1.06 KB)"),
    "mobile": ("mobile", FOUR, MOBILE, "80 (320.00 B)", "80 (320.00 B)", "0 (0.00 B)"),
    "nested": ("nested", THREE, NESTED, "392 (1.53 KB)", "392 (1.53 KB)", "0 (0.00 B)"),
}
for key, arguments in FILES.items():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"summary_{key}.txt")
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(summary(*arguments))
