# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: random programs of choices, loops and ways out of them, in the language and in Python."""
import random

import numpy as np
import pytest

from stateful import Stateful

ENTRIES = 12


class Writer:
    """Writes one program in both languages: `y` is a tensor of floats, `k` a number, `n` an input that decides."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.loops = 0
        self.ours, self.twin = [], []

    def put(self, depth, ours, twin=None):
        self.ours.append("  " * depth + ours)
        if twin != "":
            self.twin.append("  " * depth + (twin or ours))

    def condition(self, variables):
        left = self.random.choice(["n", "n", "k", *variables])
        right = self.random.choice([str(self.random.randrange(6)), *(variables if left == "n" else [])])
        return f"{left} {self.random.choice(['==', '!=', '<', '>', '>='])} {right}"

    def body(self, depth, variables, in_loop):
        """Statements, up to one that leaves."""
        for _ in range(self.random.randrange(1, 4)):
            kind = self.random.random() if depth < 7 else 0
            if kind < 0.3:
                change = ["y = y * 0.5", "y = y + 1.0", "y = y - 0.25", "y = x - y", "k = k + 1", "k = k + 2", "k = 2 * k"]
                self.put(depth, self.random.choice(change))
            elif kind < 0.62:
                condition = self.condition(variables)
                self.put(depth, f"if {condition} {{", f"if {condition}:")
                self.body(depth + 1, variables, in_loop)
                if self.random.random() < 0.4:
                    self.put(depth, "} else {", "else:")
                    self.body(depth + 1, variables, in_loop)
                self.put(depth, "}", "")
            elif kind < 0.84:
                self.loop(depth, variables, is_while=kind > 0.74)
            elif depth > 2:
                self.put(depth, self.random.choice((["break", "continue"] if in_loop else []) + ["return y * 2.0, k"]))
                return

    def loop(self, depth, variables, is_while):
        self.loops += 1
        name, rounds = f"i{self.loops}", self.random.randrange(1, 4)
        if is_while:
            self.put(depth, f"var {name} = 0", f"{name} = 0")
            self.put(depth, f"while {name} < {rounds} {{", f"while {name} < {rounds}:")
            self.put(depth + 1, f"{name} = {name} + 1")
        else:
            self.put(depth, f"for {name} in range({rounds}) {{", f"for {name} in range({rounds}):")
            variables = [*variables, name]
        self.body(depth + 1, variables, True)
        self.put(depth, "}", "")

    def program(self):
        self.put(2, "var y = x", "y = x")
        self.put(2, "var k = 0", "k = 0")
        self.body(2, [], False)
        self.put(2, "return y, k")
        return "\n".join(self.ours), "\n".join(self.twin)


@pytest.mark.parametrize("seed", [1, 3])
def test_means_the_same(tmp_path, seed):
    text, twins = "model M {\n", {}
    for i in range(ENTRIES):
        ours, twin = Writer(f"{seed} {i}").program()
        text += f"  entry e{i}(x: f32[B], n: i64[]) -> (f32[B], i64[]) {{\n{ours}\n  }}\n"
        exec(f"def e{i}(x, n):\n{twin}\n", twins)
    (tmp_path / "flow.ncr").write_text(text + "}\n")
    artifact = Stateful(tmp_path / "flow.ncr", None, tmp_path / "net")
    for i in range(ENTRIES):
        for n in range(-1, 7):
            x = np.random.default_rng(n + 1).normal(size=3).astype(np.float32)
            y, k = np.zeros(3, np.float32), np.zeros((), np.int64)
            artifact.run_with(None, f"e{i}", {"B": 3}, [x, np.array(n, np.int64)], [y, k])
            wanted_y, wanted_k = twins[f"e{i}"](x, n)
            np.testing.assert_allclose(y, wanted_y, rtol=1e-5, atol=1e-6, err_msg=f"entry {i}, n {n}")
            assert k == wanted_k, (i, n)
    artifact.close()
