#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the two digit classifiers and writes what the demo and the tests read.

    python3 train.py            (PyTorch, scikit-learn and safetensors; a minute on one core)

Data: the UCI handwritten digits that scikit-learn carries, 1797 images of 8 x 8 pixels with values 0..16.
Every fifth image is held out (360 images), the other 1437 are trained on. Seeds are fixed and training runs
on one thread, so that the same PyTorch build writes the same bytes.

Written beside this script:
  mlp.safetensors, cnn.safetensors   the weights, under PyTorch's own names
  heldout.bin                        the held-out images with PyTorch's answers. Little-endian:
                                       8 bytes   magic "NCRDIGIT"
                                       u32       number of images, N
                                       N times   64 bytes: pixels 0..16, row by row (divide by 16 for the models)
                                                 u8 label, u8 MLP prediction, u8 CNN prediction
  mlp.logits.npy, cnn.logits.npy     f32 [N, 10], PyTorch's outputs for the held-out images
"""
import pathlib
import struct

import numpy as np
import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
CLASSES = 10
BATCH = 64


class Mlp(nn.Module):
    """Mirrors mlp.ncr: images [B, 1, 8, 8] -> logits [B, 10]."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, 128)
        self.output = nn.Linear(128, CLASSES)

    def forward(self, images):
        return self.output(torch.relu(self.hidden(images.flatten(1))))


class Cnn(nn.Module):
    """Mirrors cnn.ncr: images [B, 1, 8, 8] -> logits [B, 10]."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(32)
        self.hidden = nn.Linear(32 * 4 * 4, 64)
        self.output = nn.Linear(64, CLASSES)

    def forward(self, images):
        x = torch.relu(self.bn1(self.conv1(images)))
        x = torch.relu(self.bn2(self.conv2(x)))
        x = nn.functional.max_pool2d(x, 2)
        return self.output(torch.relu(self.hidden(x.flatten(1))))


def train(model, images, labels, epochs, reach):
    """Adam with a cosine schedule; each batch is shifted by up to `reach` pixels each way as augmentation."""
    shuffle = torch.Generator().manual_seed(7)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-5)
    steps = epochs * (len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=shuffle)
        for start in range(0, len(images) - BATCH + 1, BATCH):
            pick = order[start : start + BATCH]
            top, left = torch.randint(0, 2 * reach + 1, (2,), generator=shuffle).tolist()
            batch = nn.functional.pad(images[pick], (reach,) * 4)[:, :, top : top + 8, left : left + 8]
            loss = nn.functional.cross_entropy(model(batch), labels[pick], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    digits = load_digits()
    pixels = digits.images.astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    held = np.arange(len(pixels)) % 5 == 0
    to_tensor = lambda p: torch.from_numpy(p.astype(np.float32) / 16).unsqueeze(1)
    train_images, train_labels = to_tensor(pixels[~held]), torch.from_numpy(labels[~held].astype(np.int64))
    held_images, held_labels = to_tensor(pixels[held]), labels[held]

    predictions = {}
    for name, make, epochs, reach in (("mlp", Mlp, 60, 0), ("cnn", Cnn, 40, 1)):
        torch.manual_seed(11)
        model = make()
        train(model, train_images, train_labels, epochs, reach)
        with torch.no_grad():
            logits = model(held_images).numpy()
        predictions[name] = logits.argmax(axis=1).astype(np.uint8)
        np.save(HERE / f"{name}.logits.npy", logits)
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, HERE / f"{name}.safetensors")
        right = int((predictions[name] == held_labels).sum())
        weights = sum(p.numel() for p in model.parameters())
        print(f"{name}: {right} of {len(held_labels)} held-out images right, {weights} parameters")

    with open(HERE / "heldout.bin", "wb") as out:
        out.write(b"NCRDIGIT" + struct.pack("<I", len(held_labels)))
        for image, *answers in zip(pixels[held], held_labels, predictions["mlp"], predictions["cnn"]):
            out.write(image.tobytes() + bytes(int(a) for a in answers))


if __name__ == "__main__":
    main()
