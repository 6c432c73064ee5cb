# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of networks_images.py in plain PyTorch, from their papers, with the weight names of their model files."""
import torch
from torch import nn
from torch.nn import functional as F

from networks_images import MOBILENET_V2
from torch_layers import Namespace, softmax_attention


class LeNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, c["num_classes"])

    def forward(self, images):
        x = F.avg_pool2d(torch.tanh(self.conv1(images)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        return self.fc3(torch.tanh(self.fc2(torch.tanh(self.fc1(x.flatten(1))))))


def downsample(fan_in, fan_out, stride):
    return nn.Sequential(nn.Conv2d(fan_in, fan_out, 1, stride, bias=False), nn.BatchNorm2d(fan_out))


class BasicBlock(nn.Module):
    def __init__(self, fan_in, fan_out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(fan_in, fan_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(fan_out)
        self.conv2 = nn.Conv2d(fan_out, fan_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(fan_out)
        same = stride == 1 and fan_in == fan_out
        self.downsample = nn.Identity() if same else downsample(fan_in, fan_out, stride)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class Bottleneck(nn.Module):
    def __init__(self, fan_in, width, stride, squeeze):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(fan_in, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        if squeeze:
            self.se = Namespace(fc1=nn.Conv2d(4 * width, width // 4, 1), fc2=nn.Conv2d(width // 4, 4 * width, 1))
        same = stride == 1 and fan_in == 4 * width
        self.downsample = nn.Identity() if same else downsample(fan_in, 4 * width, stride)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        if hasattr(self, "se"):
            means = y.flatten(2).mean(2)
            hidden = F.relu(F.linear(means, self.se.fc1.weight.flatten(1), self.se.fc1.bias))
            y = y * torch.sigmoid(F.linear(hidden, self.se.fc2.weight.flatten(1), self.se.fc2.bias))[..., None, None]
        return F.relu(y + self.downsample(x))


class ResNet(nn.Module):
    """The stem and the head; `stages` are lists of blocks."""

    def __init__(self, stages, width, fan_out, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        self.layer1, self.layer2, self.layer3, self.layer4 = (nn.Sequential(*blocks) for blocks in stages)
        self.fc = nn.Linear(fan_out, classes)

    def forward(self, images):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(images))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def resnet18(_):
    sizes = ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
    return ResNet([(BasicBlock(*s), BasicBlock(s[1], s[1], 1)) for s in sizes], 64, 512, 1000)


def resnet50(c, squeeze=False):
    stages, fan_in = [], c["width"]
    for i, depth in enumerate(c["depths"]):
        width, blocks = c["width"] * 2**i, []
        for j in range(depth):
            blocks.append(Bottleneck(fan_in, width, 2 if i > 0 and j == 0 else 1, squeeze))
            fan_in = 4 * width
        stages.append(blocks)
    return ResNet(stages, c["width"], fan_in, c["num_classes"])


def se_resnet50(c):
    return resnet50(c, squeeze=True)


def conv_norm_relu6(fan_in, fan_out, kernel, stride=1, groups=1):
    conv = nn.Conv2d(fan_in, fan_out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(fan_out), nn.ReLU6())


class InvertedResidual(nn.Module):
    def __init__(self, fan_in, fan_out, expand, stride):
        super().__init__()
        wide = expand * fan_in
        layers = [conv_norm_relu6(fan_in, wide, 1)] if expand != 1 else []
        layers += [conv_norm_relu6(wide, wide, 3, stride, groups=wide)]
        self.conv = nn.Sequential(*layers, nn.Conv2d(wide, fan_out, 1, bias=False), nn.BatchNorm2d(fan_out))
        self.residual = stride == 1 and fan_in == fan_out

    def forward(self, x):
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, c):
        super().__init__()
        eighths = c["eighths"]
        fan_in, last = 4 * eighths, max(1280, 160 * eighths)
        layers = [conv_norm_relu6(3, fan_in, 3, 2)]
        for expand, channels, count, stride in MOBILENET_V2:
            for i in range(count):
                layers.append(InvertedResidual(fan_in, channels * eighths, expand, stride if i == 0 else 1))
                fan_in = channels * eighths
        self.features = nn.Sequential(*layers, conv_norm_relu6(fan_in, last, 1))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(last, c["num_classes"]))

    def forward(self, images):
        return self.classifier(self.features(images).mean((2, 3)))


class DoubleConv(nn.Module):
    def __init__(self, fan_in, fan_out):
        super().__init__()
        layers = []
        for size in (fan_in, fan_out):
            layers += [nn.Conv2d(size, fan_out, 3, padding=1, bias=False), nn.BatchNorm2d(fan_out), nn.ReLU()]
        self.double_conv = nn.Sequential(*layers)

    def forward(self, x):
        return self.double_conv(x)


class UNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        width = c["width"]
        self.inc = DoubleConv(c["n_channels"], width)
        for i in range(1, 5):
            down = nn.Sequential(nn.MaxPool2d(2), DoubleConv(width, 2 * width))
            self.add_module(f"down{i}", Namespace(maxpool_conv=down))
            width *= 2
        for i in range(1, 5):
            up = Namespace(up=nn.ConvTranspose2d(width, width // 2, 2, 2), conv=DoubleConv(width, width // 2))
            self.add_module(f"up{i}", up)
            width //= 2
        self.outc = Namespace(conv=nn.Conv2d(width, c["n_classes"], 1))

    def forward(self, images):
        skips = [self.inc(images)]
        for down in (self.down1, self.down2, self.down3, self.down4):
            skips.append(down.maxpool_conv(skips[-1]))
        x = skips.pop()
        for up in (self.up1, self.up2, self.up3, self.up4):
            x = up.conv(torch.cat([skips.pop(), up.up(x)], 1))
        return self.outc.conv(x)


class ViTLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        dim, hidden, self.heads = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"]
        projections = {n: nn.Linear(dim, dim, bias=c["qkv_bias"]) for n in ("query", "key", "value")}
        self.attention = Namespace(
            attention=Namespace(**projections), output=Namespace(dense=nn.Linear(dim, dim))
        )
        self.intermediate, self.output = Namespace(dense=nn.Linear(dim, hidden)), Namespace(dense=nn.Linear(hidden, dim))
        self.layernorm_before = nn.LayerNorm(dim, c["layer_norm_eps"])
        self.layernorm_after = nn.LayerNorm(dim, c["layer_norm_eps"])

    def forward(self, x):
        n, proj = self.layernorm_before(x), self.attention.attention
        a = softmax_attention(proj.query(n), proj.key(n), proj.value(n), self.heads)
        x = x + self.attention.output.dense(a)
        return x + self.output.dense(F.gelu(self.intermediate.dense(self.layernorm_after(x))))


class ViT(nn.Module):
    def __init__(self, c):
        super().__init__()
        dim, self.patch = c["hidden_size"], c["patch_size"]
        self.side = c["image_size"] // self.patch
        embeddings = Namespace(
            patch_embeddings=Namespace(projection=nn.Conv2d(c["num_channels"], dim, self.patch, self.patch))
        )
        embeddings.cls_token = nn.Parameter(torch.empty(1, 1, dim))
        embeddings.position_embeddings = nn.Parameter(torch.empty(1, self.side**2 + 1, dim))
        self.vit = Namespace(
            embeddings=embeddings,
            encoder=Namespace(layer=nn.ModuleList(ViTLayer(c) for _ in range(c["num_hidden_layers"]))),
            layernorm=nn.LayerNorm(dim, c["layer_norm_eps"]),
        )
        self.classifier = nn.Linear(dim, c["num_labels"])

    def encode(self, images):
        """Patches are cut out and multiplied with a matrix, as the paper has it."""
        e, side, patch = self.vit.embeddings, self.side, self.patch
        whole = images[:, :, : side * patch, : side * patch]
        patches = whole.unflatten(3, (side, patch)).unflatten(2, (side, patch)).permute(0, 2, 4, 1, 3, 5)
        projection = e.patch_embeddings.projection
        tokens = F.linear(patches.flatten(3).flatten(1, 2), projection.weight.flatten(1), projection.bias)
        x = torch.cat([e.cls_token.expand(len(images), -1, -1), tokens], 1) + e.position_embeddings
        for layer in self.vit.encoder.layer:
            x = layer(x)
        return self.vit.layernorm(x)

    def forward(self, images):
        return self.classifier(self.encode(images)[:, 0])


class ChannelNorm(nn.LayerNorm):
    """A layer norm over the second dimension."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class ConvNeXtLayer(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.layernorm = nn.LayerNorm(dim, 1e-6)
        self.pwconv1, self.pwconv2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.layer_scale_parameter = nn.Parameter(torch.empty(dim))

    def forward(self, x):
        y = self.layernorm(self.dwconv(x).movedim(1, -1))
        return x + (self.layer_scale_parameter * self.pwconv2(F.gelu(self.pwconv1(y)))).movedim(-1, 1)


class ConvNeXt(nn.Module):
    def __init__(self, c):
        super().__init__()
        sizes, patch = c["hidden_sizes"], c["patch_size"]
        stages = []
        for i, (dim, depth) in enumerate(zip(sizes, c["depths"])):
            stage = {"layers": nn.Sequential(*(ConvNeXtLayer(dim) for _ in range(depth)))}
            if i > 0:
                shrink = ChannelNorm(sizes[i - 1], 1e-6), nn.Conv2d(sizes[i - 1], dim, 2, 2)
                stage["downsampling_layer"] = nn.Sequential(*shrink)
            stages.append(Namespace(**stage))
        self.convnext = Namespace(
            embeddings=Namespace(
                patch_embeddings=nn.Conv2d(c["num_channels"], sizes[0], patch, patch),
                layernorm=ChannelNorm(sizes[0], 1e-6),
            ),
            encoder=Namespace(stages=nn.ModuleList(stages)),
            layernorm=nn.LayerNorm(sizes[-1], c["layer_norm_eps"]),
        )
        self.classifier = nn.Linear(sizes[-1], c["num_labels"])

    def forward(self, images):
        e = self.convnext.embeddings
        x = e.layernorm(e.patch_embeddings(images))
        for stage in self.convnext.encoder.stages:
            if hasattr(stage, "downsampling_layer"):
                x = stage.downsampling_layer(x)
            x = stage.layers(x)
        return self.classifier(self.convnext.layernorm(x.mean((2, 3))))


MODELS = {
    "lenet/lenet.ncr": LeNet,
    "resnet/resnet18.ncr": resnet18,
    "resnet/resnet50.ncr": resnet50,
    "resnet/se_resnet50.ncr": se_resnet50,
    "mobilenet/mobilenet_v2.ncr": MobileNetV2,
    "unet/unet.ncr": UNet,
    "vit/vit.ncr": ViT,
    "convnext/convnext.ncr": ConvNeXt,
}
