# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks over images with attention over channels and places: weights, inputs and configurations. No PyTorch here."""
import numpy as np

from network import Network, uniform
from networks_images import Shapes, class_output, image_inputs, resnet50_weights

DANET_SIZES = {1: (3, 5), 3: (6, 4)}  # batch -> height and width


def gated_resnet18_weights(c, gate):
    s, width = Shapes(), c["width"]
    s.conv_norm("conv1", "bn1", 3, width, 7)
    fan_in = width
    for stage in range(4):
        fan_out = width << stage
        for i in range(2):
            block = f"layer{stage + 1}.{i}."
            s.conv_norm(block + "conv1", block + "bn1", fan_in, fan_out, 3)
            s.conv_norm(block + "conv2", block + "bn2", fan_out, fan_out, 3)
            if fan_in != fan_out:
                s.conv_norm(block + "downsample.0", block + "downsample.1", fan_in, fan_out, 1)
            if gate == "eca":
                s[f"{block}se.conv.weight"] = (1, 1, 3 if stage == 0 else 5)
            else:
                hidden = max(fan_out // 8, 2)
                s.conv(block + "se.channel.fc1", fan_out, hidden, 1)
                s.conv(block + "se.channel.fc2", hidden, fan_out, 1)
                s.conv_norm(block + "se.spatial.conv.conv", block + "se.spatial.conv.bn", 2, 1, 7)
            fan_in = fan_out
    s.linear("fc", 8 * width, c["num_classes"])
    return s


def fcn_weights(c):
    backbone = resnet50_weights(c)
    s = Shapes({f"backbone.{n}": shape for n, shape in backbone.items() if not n.startswith("fc.")})
    width = c["width"]
    s.conv_norm("classifier.0", "classifier.1", 32 * width, 8 * width, 3)
    s.conv("classifier.4", 8 * width, c["num_classes"], 1, bias=True)
    return s


def danet_weights(c):
    s, inner = Shapes(), c["channels"] // 4
    for name, fan_in in (("conv5a", 4 * inner), ("conv51", inner), ("conv5c", 4 * inner), ("conv52", inner)):
        s.conv_norm(f"{name}.0", f"{name}.1", fan_in, inner, 3)
    for name, count in (("query", inner // 8), ("key", inner // 8), ("value", inner)):
        s.conv(f"sa.{name}_conv", inner, count, 1, bias=True)
    s["sa.gamma"] = s["sc.gamma"] = (1,)
    s.conv("conv8.1", inner, c["num_classes"], 1, bias=True)
    return s


def danet_inputs(c, tag, batch, _):
    return {"features": uniform(tag, (batch, c["channels"], *DANET_SIZES[batch])).astype(np.float32)}


def danet_output(c, _, batch, __):
    return batch, c["num_classes"], *DANET_SIZES[batch]


def danet_sizes(batch, _):
    return {"B": batch, **dict(zip("HW", DANET_SIZES[batch]))}


def fcn_output(c, _, batch, __):
    return batch, c["num_classes"], c["image_size"], c["image_size"]


def _gated(name, gate, size, classes, width):
    config = {"image_size": size, "num_classes": classes, "width": width}
    weights = lambda c: gated_resnet18_weights(c, gate)
    model = f"resnet/{gate}_resnet18.ncr"
    return Network(name, model, config, weights, ("forward",), image_inputs, class_output, lengths=(0,))


def _fcn(name, size, classes, width, depths):
    config = {"image_size": size, "num_classes": classes, "width": width, "depths": depths}
    return Network(
        name, "resnet/fcn_resnet50.ncr", config, fcn_weights, ("forward",), image_inputs, fcn_output, lengths=(0,)
    )


def _danet(name, channels, classes):
    config = {"channels": channels, "num_classes": classes}
    model = "danet/danet.ncr"
    more = {"lengths": (0,), "make_sizes": danet_sizes}
    return Network(name, model, config, danet_weights, ("forward",), danet_inputs, danet_output, **more)


SMALL = (
    _gated("cbam-odd", "cbam", 37, 5, 6),
    _gated("eca-odd", "eca", 37, 5, 6),
    _fcn("fcn-odd", 37, 5, 4, [1, 1, 2, 2]),
    _danet("danet-odd", 64, 5),
)
FULL = (
    _gated("cbam-resnet18", "cbam", 224, 1000, 64),
    _gated("eca-resnet18", "eca", 224, 1000, 64),
    _fcn("fcn-resnet50", 224, 21, 64, [3, 4, 6, 3]),
    _danet("danet", 2048, 19),
)
