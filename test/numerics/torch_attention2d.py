# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of networks_attention2d.py in plain PyTorch, from their papers, with their model files' weight names."""
import torch
from torch import nn
from torch.nn import functional as F

from torch_images import BasicBlock, ResNet, downsample
from torch_layers import Namespace


class ECA(nn.Module):
    """Equation 9 of Wang et al. 2020, with the neighbours of each channel laid side by side."""

    def __init__(self, kernel):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, kernel, bias=False)

    def forward(self, x):
        kernel = self.conv.kernel_size[0]
        neighbours = F.pad(x.mean((2, 3)), (kernel // 2, kernel // 2)).unfold(1, kernel, 1)
        return x * (neighbours @ self.conv.weight[0, 0]).sigmoid()[..., None, None]


class CBAM(nn.Module):
    """Equations 1 to 3 of Woo et al. 2018."""

    def __init__(self, channels):
        super().__init__()
        hidden = max(channels // 8, 2)
        self.channel = Namespace(
            fc1=nn.Conv2d(channels, hidden, 1, bias=False), fc2=nn.Conv2d(hidden, channels, 1, bias=False)
        )
        conv = Namespace(conv=nn.Conv2d(2, 1, 7, padding=3, bias=False), bn=nn.BatchNorm2d(1))
        self.spatial = Namespace(conv=conv)

    def forward(self, x):
        mlp = lambda v: self.channel.fc2(F.relu(self.channel.fc1(v)))
        x = x * (mlp(F.adaptive_avg_pool2d(x, 1)) + mlp(F.adaptive_max_pool2d(x, 1))).sigmoid()
        places = torch.stack([x.mean(1), x.amax(1)], 1)
        return x * self.spatial.conv.bn(self.spatial.conv.conv(places)).sigmoid()


class GatedBlock(BasicBlock):
    def __init__(self, fan_in, fan_out, stride, gate):
        super().__init__(fan_in, fan_out, stride)
        self.se = gate

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(self.se(y) + self.downsample(x))


def gated_resnet18(c, gate):
    stages, fan_in = [], c["width"]
    for stage in range(4):
        fan_out, blocks = c["width"] << stage, []
        for i in range(2):
            blocks.append(GatedBlock(fan_in, fan_out, 2 if stage > 0 and i == 0 else 1, gate(stage, fan_out)))
            fan_in = fan_out
        stages.append(blocks)
    return ResNet(stages, c["width"], fan_in, c["num_classes"])


def cbam_resnet18(c):
    return gated_resnet18(c, lambda _, channels: CBAM(channels))


def eca_resnet18(c):
    return gated_resnet18(c, lambda stage, _: ECA(3 if stage == 0 else 5))


class DilatedBottleneck(nn.Module):
    def __init__(self, fan_in, width, stride, dilation):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(fan_in, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        same = stride == 1 and fan_in == 4 * width
        self.downsample = nn.Identity() if same else downsample(fan_in, 4 * width, stride)

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class FCN(nn.Module):
    """Stages 3 and 4 keep the size: the first block of each has the dilation of the stage before."""

    def __init__(self, c):
        super().__init__()
        width = c["width"]
        self.backbone = Namespace(conv1=nn.Conv2d(3, width, 7, 2, 3, bias=False), bn1=nn.BatchNorm2d(width))
        fan_in = width
        shapes = zip(c["depths"], (1, 2, 1, 1), (1, 1, 1, 2), (1, 1, 2, 4))
        for stage, (depth, stride, first, others) in enumerate(shapes):
            blocks = []
            for i in range(depth):
                strides = (stride, first) if i == 0 else (1, others)
                blocks.append(DilatedBottleneck(fan_in, width << stage, *strides))
                fan_in = 4 * (width << stage)
            self.backbone.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.classifier = nn.Sequential(
            nn.Conv2d(fan_in, fan_in // 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(fan_in // 4),
            nn.ReLU(),
            nn.Dropout(),
            nn.Conv2d(fan_in // 4, c["num_classes"], 1),
        )

    def forward(self, images):
        net = self.backbone
        x = F.max_pool2d(F.relu(net.bn1(net.conv1(images))), 3, 2, 1)
        x = self.classifier(net.layer4(net.layer3(net.layer2(net.layer1(x)))))
        return F.interpolate(x, size=images.shape[2:], mode="bilinear", align_corners=False)


class PositionAttention(nn.Module):
    """Equations 1 and 2 of Fu et al. 2019."""

    def __init__(self, channels):
        super().__init__()
        self.query_conv, self.key_conv = nn.Conv2d(channels, channels // 8, 1), nn.Conv2d(channels, channels // 8, 1)
        self.value_conv = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.empty(1))

    def forward(self, x):
        b, c, d = (conv(x).flatten(2) for conv in (self.query_conv, self.key_conv, self.value_conv))
        s = torch.einsum("nci,ncj->nij", b, c).softmax(2)
        return self.gamma * torch.einsum("nij,ncj->nci", s, d).unflatten(2, x.shape[2:]) + x


class ChannelAttention(nn.Module):
    """Equations 3 and 4, with the distance from the largest likeness, as the authors' program has it."""

    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.empty(1))

    def forward(self, x):
        a = x.flatten(2)
        energy = torch.einsum("nip,njp->nij", a, a)
        s = (energy.amax(2, keepdim=True) - energy).softmax(2)
        return self.gamma * torch.einsum("nij,njp->nip", s, a).unflatten(2, x.shape[2:]) + x


class DANetHead(nn.Module):
    def __init__(self, c):
        super().__init__()
        inner = c["channels"] // 4
        conv = lambda a, b: nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU())
        self.conv5a, self.conv5c = conv(4 * inner, inner), conv(4 * inner, inner)
        self.sa, self.sc = PositionAttention(inner), ChannelAttention()
        self.conv51, self.conv52 = conv(inner, inner), conv(inner, inner)
        self.conv8 = nn.Sequential(nn.Dropout2d(0.1), nn.Conv2d(inner, c["num_classes"], 1))

    def forward(self, features):
        return self.conv8(self.conv51(self.sa(self.conv5a(features))) + self.conv52(self.sc(self.conv5c(features))))


MODELS = {
    "resnet/cbam_resnet18.ncr": cbam_resnet18,
    "resnet/eca_resnet18.ncr": eca_resnet18,
    "resnet/fcn_resnet50.ncr": FCN,
    "danet/danet.ncr": DANetHead,
}
