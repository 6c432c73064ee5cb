# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One step of GPT-2 small with a cache: the logits after one token at a place of the context, all before it cached."""
import dataclasses
import functools

import numpy as np

from harness.paths import BENCHMARK, ROOT, numerics
from workloads.base import BYTES, Workload
from workloads.networks import Stored, network_of, sources_of

NETWORK = "gpt2-124m"
PLACES = (512, 1000)


@dataclasses.dataclass(frozen=True)
class Decoding(Workload):
    place: int  # how many tokens are in the cache

    kind = "decoding"
    made_in = "pytorch"
    network_name = NETWORK
    family = "GPT-2 with a cache"
    models = ROOT / "models" / "gpt2"

    @property
    def stem(self):
        return f"{NETWORK}-decode-{self.place}"

    @functools.cached_property
    def config(self):
        return network_of(NETWORK).config

    @property
    def stored(self):
        return Stored(NETWORK)

    def sources(self):
        return super().sources() + sources_of(NETWORK) + [BENCHMARK / "workloads" / "gpt2_step.py"]

    def facts(self, folder):
        c, cached = self.config, self.place + 1
        matrices = 12 * c["n_layer"] * c["n_embd"] ** 2 + c["vocab_size"] * c["n_embd"]
        read = matrices + 2 * c["n_layer"] * c["n_embd"] * cached
        # Keys and values are counted in the workload's precision, whatever a cache is kept in.
        attention = 4.0 * c["n_layer"] * c["n_embd"] * cached
        return {"operations": 2.0 * matrices + attention, "weights": read * BYTES[self.precision]}

    def prompt(self, folder):
        return np.load(folder / "prompt.npy")

    def write_data(self, folder):
        import torch

        ids = numerics.random_ids(self.stem, (1, self.place + 1), self.config["vocab_size"])
        np.save(folder / "prompt.npy", ids[:, :-1])
        with torch.no_grad():
            twin, token = self.twin(), torch.from_numpy(ids[:, -1:])
            keys, values = twin.cache(torch.from_numpy(ids[:, :-1]))
            # The right result knows of no cache.
            expected = twin.whole(torch.from_numpy(ids))[:, -1]
        inputs = {"ids": token, "keys": keys, "values": values}
        np.savez(folder / "inputs.npz", **{name: v.numpy() for name, v in inputs.items()})
        np.save(folder / "expected.npy", expected.numpy())

    def twin(self):
        from workloads import gpt2_step

        return gpt2_step.build(self.stored, self.place)

    def write_graphs(self, folder):
        """Caches are inputs, and the step leaves them as they are: less work than to keep them."""
        import torch

        inputs = self.inputs(folder)
        torch.onnx.export(
            self.twin(),
            tuple(map(torch.from_numpy, inputs.values())),
            str(folder / "plain.onnx"),
            dynamo=True,
            external_data=False,
            opset_version=18,
            input_names=list(inputs),
            output_names=["result"],
        )


def workloads():
    return [Decoding(precision, place) for place in PLACES for precision in ("f32", "bf16")]
