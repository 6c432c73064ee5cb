# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: models/gpt2/generate.c on the artifact of generate.ncr, and what a step costs beside its arithmetic."""
import os
import re
import subprocess

import numpy as np
import pytest

from artifact import Artifact, find_nacre, nacre
from catalog import ROOT, SMALL

NETWORK = SMALL["gpt2-cached"]
WRAPPED = ("malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign", "mmap", "gpt2_step")
PROMPT, MORE = [3, 1, 4, 1, 5], 20


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with the program, and the artifact as a shared library."""
    folder = tmp_path_factory.mktemp("program")
    NETWORK.write(folder / "weights")
    artifact = Artifact(NETWORK.path, folder / "weights", folder / "gpt2", "--emit=object")
    runtime = find_nacre().resolve().parents[1] / "lib" / "libnacre_runtime.a"
    # A sanitized build's archive needs the sanitizers' runtime.
    compiler = ROOT / "test/tools/sanitized/cc" if "asan" in str(find_nacre()) else os.environ.get("CC", "cc")
    command = [compiler, "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]
    command += [f"-I{folder}", f"-I{ROOT}/runtime/include"]
    command += [ROOT / "models/gpt2/generate.c", ROOT / "test/numerics/decoding/allocations.c"]
    command += [folder / "gpt2.o", runtime, f"-Wl,{','.join('--wrap=' + name for name in WRAPPED)}", "-lm", "-lpthread"]
    subprocess.run([*command, "-o", folder / "generate"], check=True)
    yield folder, artifact
    artifact.close()


def test_tokens_are_those_of_the_loop(made):
    """Steps from C, and the loop that is compiled into the artifact; no step but the first asks for memory."""
    folder, artifact = made
    arguments = [folder / "gpt2.weights", NETWORK.config["vocab_size"], MORE, *PROMPT]
    environment = os.environ | {"OMP_NUM_THREADS": "2", "LD_PRELOAD": ""}
    done = subprocess.run(
        [folder / "generate", *map(str, arguments)], env=environment, capture_output=True, text=True, check=True
    )
    state = artifact.new_state({"B": 1})
    inputs = [np.array([PROMPT]), np.array(-1)]
    all_tokens, _ = artifact.call_with(state, "generate", {"B": 1, "S": len(PROMPT)}, inputs)
    artifact.free_state(state)
    assert all_tokens[0, : len(PROMPT)].tolist() == PROMPT
    assert list(map(int, done.stdout.split())) == all_tokens[0, len(PROMPT) :][:MORE].tolist()
    assert done.stderr == f"0 requests for memory in {MORE} steps\n"


CACHE = """
import std.cache

model Cache(ctx: int) {
  part cache: KeyValueCache(2, 8, ctx)

  entry step(q: f32[B, 2, S, 8], k: f32[B, 2, S, 8], v: f32[B, 2, S, 8], pos: i64[]) -> f32[B, 2, S, 8] {
    return cache(q, k, v, pos)
  }
}
"""


def test_the_cache_is_not_copied(tmp_path):
    """What a step needs in the arena does not depend on the size of the cache."""
    (tmp_path / "cache.ncr").write_text(CACHE)
    kept, needed = [], []
    for ctx in (64, 4096):
        nacre("compile", "cache.ncr", "--set", f"ctx={ctx}", "--emit=header", "-o", f"ctx{ctx}", folder=tmp_path)
        text = (tmp_path / f"ctx{ctx}.h").read_text()
        kept.append(int(re.search(r"from call to call, (\d+)\*B bytes", text)[1]))
        needed.append(re.search(r"scratch memory of\s+\*?\s*(.*) bytes", text)[1])
    assert kept[1] == 64 * kept[0] and needed[0] == needed[1]
