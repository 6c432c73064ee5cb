# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: the schedules and samplers of std.diffusion against loops in NumPy."""
import numpy as np
import pytest

import philox
from artifact import Artifact
from network import ROOT

KEY = np.int64(-77)
SIZES = {"B": 3, "H": 5, "W": 7}
START = np.random.default_rng(5).normal(size=(3, 1, 5, 7)).astype(np.float32)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diffusion")
    artifact = Artifact(ROOT / "test" / "numerics" / "blocks" / "diffusion.ncr", None, folder / "diffusion")
    yield artifact
    artifact.close()


def cosine(count):
    """The variances of Nichol and Dhariwal 2021, from what is left after each step."""
    left = np.cos((np.arange(count + 1) / count + 0.008) / 1.008 * np.pi / 2) ** 2
    return np.minimum(1 - left[1:] / left[:-1], 0.999)


def noise_in(x, t):
    return np.tanh(0.7 * x + 0.01 * t)


def test_schedules(model):
    zeros = np.zeros(1000)
    assert np.abs(model.call("linear", {}, [zeros]) - np.linspace(0.0001, 0.02, 1000)).max() < 1e-15
    assert np.abs(model.call("cosine", {}, [zeros]) - cosine(1000)).max() < 1e-12


@pytest.mark.parametrize("threads", (1, 2))
def test_ddpm(model, threads):
    x, betas = START.astype(np.float64), np.linspace(0.001, 0.3, 20)
    for t in reversed(range(20)):
        left = np.prod(1 - betas[: t + 1])
        x = (x - betas[t] / np.sqrt(1 - left) * noise_in(x, t)) / np.sqrt(1 - betas[t])
        if t > 0:
            x += np.sqrt(betas[t]) * philox.normal(x.shape, philox.folded(KEY, t))
    model.set_threads(threads)
    got = model.call("all_steps", SIZES, [START, KEY])
    assert np.abs(got - x).max() < 1e-4 * np.abs(x).max()


@pytest.mark.parametrize("eta", (0.0, 0.3, 1.0))
@pytest.mark.parametrize("steps", (0, 1, 7, 50))
def test_ddim(model, steps, eta):
    """The same artifact takes any number of steps."""
    x, left = START.astype(np.float64), np.cumprod(1 - cosine(50))
    for i in reversed(range(steps)):
        t = i * 50 // steps
        before = left[(i - 1) * 50 // steps] if i > 0 else 1.0
        variance = eta**2 * (1 - before) / (1 - left[t]) * (1 - left[t] / before)
        noise = noise_in(x, t)
        image = (x - np.sqrt(1 - left[t]) * noise) / np.sqrt(left[t])
        x = np.sqrt(before) * image + np.sqrt(max(1 - before - variance, 0)) * noise
        x += np.sqrt(variance) * philox.normal(x.shape, philox.folded(KEY, i))
    got = model.call("some_steps", SIZES, [START, np.int64(steps), np.float32(eta), KEY])
    assert np.abs(got - x).max() < 1e-4 * np.abs(x).max()
