# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks over images: weights, inputs and configurations. No PyTorch here."""
import numpy as np

from network import Network, uniform


class Shapes(dict):
    """Weight name -> shape, with the layers that most of these networks are made of."""

    def conv(self, name, fan_in, fan_out, kernel, bias=False):
        self[f"{name}.weight"] = (fan_out, fan_in, kernel, kernel)
        if bias:
            self[f"{name}.bias"] = (fan_out,)

    def linear(self, name, fan_in, fan_out, bias=True):
        self[f"{name}.weight"] = (fan_out, fan_in)
        if bias:
            self[f"{name}.bias"] = (fan_out,)

    def vectors(self, name, size, *more):
        """Scale and shift of a norm, and its statistics where they are named."""
        for vector in ("weight", "bias", *more):
            self[f"{name}.{vector}"] = (size,)

    def conv_norm(self, conv, norm, fan_in, fan_out, kernel):
        self.conv(conv, fan_in, fan_out, kernel)
        self.vectors(norm, fan_out, "running_mean", "running_var")


def lenet_weights(c):
    s = Shapes()
    s.conv("conv1", 1, 6, 5, bias=True)
    s.conv("conv2", 6, 16, 5, bias=True)
    s.linear("fc1", 400, 120)
    s.linear("fc2", 120, 84)
    s.linear("fc3", 84, c["num_classes"])
    return s


def resnet18_weights(_):
    s = Shapes()
    s.conv_norm("conv1", "bn1", 3, 64, 7)
    fan_in = 64
    for stage, fan_out in enumerate((64, 128, 256, 512), start=1):
        for i in range(2):
            block = f"layer{stage}.{i}."
            s.conv_norm(block + "conv1", block + "bn1", fan_in, fan_out, 3)
            s.conv_norm(block + "conv2", block + "bn2", fan_out, fan_out, 3)
            if fan_in != fan_out:
                s.conv_norm(block + "downsample.0", block + "downsample.1", fan_in, fan_out, 1)
            fan_in = fan_out
    s.linear("fc", 512, 1000)
    return s


def resnet50_weights(c, squeeze=False):
    s = Shapes()
    fan_in = c["width"]
    s.conv_norm("conv1", "bn1", 3, fan_in, 7)
    for stage, depth in enumerate(c["depths"]):
        width = c["width"] << stage
        for i in range(depth):
            block = f"layer{stage + 1}.{i}."
            s.conv_norm(block + "conv1", block + "bn1", fan_in, width, 1)
            s.conv_norm(block + "conv2", block + "bn2", width, width, 3)
            s.conv_norm(block + "conv3", block + "bn3", width, 4 * width, 1)
            if squeeze:
                s.conv(block + "se.fc1", 4 * width, width // 4, 1, bias=True)
                s.conv(block + "se.fc2", width // 4, 4 * width, 1, bias=True)
            if i == 0:
                s.conv_norm(block + "downsample.0", block + "downsample.1", fan_in, 4 * width, 1)
            fan_in = 4 * width
    s.linear("fc", fan_in, c["num_classes"])
    return s


def se_resnet50_weights(c):
    return resnet50_weights(c, squeeze=True)


# Expansion, channels in eighths of the width, count and stride of the first, as in table 2 of the paper.
MOBILENET_V2 = ((1, 2, 1, 1), (6, 3, 2, 2), (6, 4, 3, 2), (6, 8, 4, 2), (6, 12, 3, 1), (6, 20, 3, 2), (6, 40, 1, 1))


def mobilenet_v2_weights(c):
    s = Shapes()
    eighths = c["eighths"]
    s.conv_norm("features.0.0", "features.0.1", 3, 4 * eighths, 3)
    fan_in, place = 4 * eighths, 1
    for expand, channels, count, _ in MOBILENET_V2:
        for _ in range(count):
            wide, step = expand * fan_in, 0
            conv = f"features.{place}.conv."
            if expand != 1:
                s.conv_norm(conv + "0.0", conv + "0.1", fan_in, wide, 1)
                step = 1
            s.conv_norm(conv + f"{step}.0", conv + f"{step}.1", 1, wide, 3)
            s.conv_norm(conv + f"{step + 1}", conv + f"{step + 2}", wide, channels * eighths, 1)
            fan_in, place = channels * eighths, place + 1
    last = max(1280, 160 * eighths)
    s.conv_norm(f"features.{place}.0", f"features.{place}.1", fan_in, last, 1)
    s.linear("classifier.1", last, c["num_classes"])
    return s


def unet_weights(c):
    s = Shapes()

    def double(name, fan_in, fan_out):
        s.conv_norm(f"{name}.double_conv.0", f"{name}.double_conv.1", fan_in, fan_out, 3)
        s.conv_norm(f"{name}.double_conv.3", f"{name}.double_conv.4", fan_out, fan_out, 3)

    width = c["width"]
    double("inc", c["n_channels"], width)
    for i in range(1, 5):
        double(f"down{i}.maxpool_conv.1", width, 2 * width)
        width *= 2
    for i in range(1, 5):
        s[f"up{i}.up.weight"], s[f"up{i}.up.bias"] = (width, width // 2, 2, 2), (width // 2,)
        double(f"up{i}.conv", width, width // 2)
        width //= 2
    s.conv("outc.conv", width, c["n_classes"], 1, bias=True)
    return s


def vit_weights(c):
    s = Shapes()
    dim, hidden, patch = c["hidden_size"], c["intermediate_size"], c["patch_size"]
    s["vit.embeddings.cls_token"] = (1, 1, dim)
    s["vit.embeddings.position_embeddings"] = (1, (c["image_size"] // patch) ** 2 + 1, dim)
    s.conv("vit.embeddings.patch_embeddings.projection", c["num_channels"], dim, patch, bias=True)
    for i in range(c["num_hidden_layers"]):
        layer = f"vit.encoder.layer.{i}."
        for name in ("query", "key", "value"):
            s.linear(f"{layer}attention.attention.{name}", dim, dim, bias=c["qkv_bias"])
        s.linear(f"{layer}attention.output.dense", dim, dim)
        s.linear(f"{layer}intermediate.dense", dim, hidden)
        s.linear(f"{layer}output.dense", hidden, dim)
        s.vectors(f"{layer}layernorm_before", dim)
        s.vectors(f"{layer}layernorm_after", dim)
    s.vectors("vit.layernorm", dim)
    s.linear("classifier", dim, c["num_labels"])
    return s


def convnext_weights(c):
    s = Shapes()
    fan_in = c["hidden_sizes"][0]
    s.conv("convnext.embeddings.patch_embeddings", c["num_channels"], fan_in, c["patch_size"], bias=True)
    s.vectors("convnext.embeddings.layernorm", fan_in)
    for i, (dim, depth) in enumerate(zip(c["hidden_sizes"], c["depths"])):
        stage = f"convnext.encoder.stages.{i}."
        if i > 0:
            s.vectors(f"{stage}downsampling_layer.0", fan_in)
            s.conv(f"{stage}downsampling_layer.1", fan_in, dim, 2, bias=True)
        for j in range(depth):
            layer = f"{stage}layers.{j}."
            s[f"{layer}layer_scale_parameter"] = (dim,)
            s.conv(f"{layer}dwconv", 1, dim, 7, bias=True)
            s.vectors(f"{layer}layernorm", dim)
            s.linear(f"{layer}pwconv1", dim, 4 * dim)
            s.linear(f"{layer}pwconv2", 4 * dim, dim)
        fan_in = dim
    s.vectors("convnext.layernorm", fan_in)
    s.linear("classifier", fan_in, c["num_labels"])
    return s


def image_shape(c):
    """Channels, height and width."""
    side = c["image_size"] if "image_size" in c else 16 * c["tiles"]
    return c.get("num_channels", c.get("n_channels", 3)), side, side


def image_inputs(c, tag, batch, _):
    return {"images": uniform(tag, (batch, *image_shape(c))).astype(np.float32)}


def class_output(c, _, batch, __):
    return batch, c.get("num_labels", c.get("num_classes", 1000))


def unet_output(c, _, batch, __):
    return batch, c["n_classes"], *image_shape(c)[1:]


def vit_output(c, entry, batch, length):
    if entry == "forward":
        return class_output(c, entry, batch, length)
    return batch, (c["image_size"] // c["patch_size"]) ** 2 + 1, c["hidden_size"]


def _network(name, model, config, weights, entries=("forward",), output=class_output):
    return Network(name, model, config, weights, entries, image_inputs, output, lengths=(0,))


def _lenet(name):
    config = {"num_classes": 10, "num_channels": 1, "image_size": 32}
    return _network(name, "lenet/lenet.ncr", config, lenet_weights)


def _resnet18(name, size):
    return _network(name, "resnet/resnet18.ncr", {"image_size": size}, resnet18_weights)


def _resnet50(name, size, classes, width, depths, squeeze=False):
    config = {"image_size": size, "num_classes": classes, "width": width, "depths": depths}
    if squeeze:
        return _network(name, "resnet/se_resnet50.ncr", config, se_resnet50_weights)
    return _network(name, "resnet/resnet50.ncr", config, resnet50_weights)


def _mobilenet(name, size, classes, eighths):
    config = {"image_size": size, "num_classes": classes, "eighths": eighths}
    return _network(name, "mobilenet/mobilenet_v2.ncr", config, mobilenet_v2_weights)


def _unet(name, tiles, classes, width):
    config = {"tiles": tiles, "n_channels": 3, "n_classes": classes, "width": width}
    return _network(name, "unet/unet.ncr", config, unet_weights, output=unet_output)


def _vit(name, size, patch, dim, heads, layers, hidden, classes, biased):
    config = {
        "model_type": "vit",
        "image_size": size,
        "patch_size": patch,
        "num_channels": 3,
        "hidden_size": dim,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "intermediate_size": hidden,
        "num_labels": classes,
        "qkv_bias": biased,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
    }
    return _network(name, "vit/vit.ncr", config, vit_weights, ("forward", "encode"), vit_output)


def _convnext(name, size, sizes, depths, classes):
    config = {
        "model_type": "convnext",
        "image_size": size,
        "patch_size": 4,
        "num_channels": 3,
        "hidden_sizes": sizes,
        "depths": depths,
        "num_labels": classes,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
    }
    return _network(name, "convnext/convnext.ncr", config, convnext_weights)


SMALL = (
    _lenet("lenet"),
    _resnet18("resnet18-32px", 32),
    _resnet50("resnet50-odd", 45, 37, 20, [2, 1, 1, 1]),
    _resnet50("se-resnet50-odd", 45, 37, 12, [1, 1, 1, 2], squeeze=True),
    _mobilenet("mobilenet-v2-odd", 45, 37, 3),
    _unet("unet-odd", 3, 5, 12),
    _vit("vit-odd", 50, 16, 60, 3, 2, 131, 37, True),
    _vit("vit-biasless", 32, 8, 64, 4, 1, 128, 16, False),
    _convnext("convnext-odd", 75, [12, 20, 36, 60], [1, 2, 1, 1], 37),
)
FULL = (
    _resnet18("resnet18", 224),
    _resnet50("resnet50", 224, 1000, 64, [3, 4, 6, 3]),
    _resnet50("se-resnet50", 224, 1000, 64, [3, 4, 6, 3], squeeze=True),
    _mobilenet("mobilenet-v2", 224, 1000, 8),
    _unet("unet-256", 16, 2, 64),
    _vit("vit-b16", 224, 16, 768, 12, 12, 3072, 1000, True),
    _convnext("convnext-t", 224, [96, 192, 384, 768], [3, 3, 9, 3], 1000),
)
