# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# How lit finds and runs Nacre's tests: .mlir and .ncr files, and .sh scripts, with RUN lines.

import os
import subprocess

import lit.formats

config.name = "nacre"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".ncr", ".sh"]
# Inputs: what tests read. std, models: Nacre source that is not a test. The rest have runners of their own.
config.excludes = ["Inputs", "std", "models", "numerics", "benchmark", "fuzz"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.nacre_binary_root, "test")

tools = os.path.join(config.nacre_binary_root, "bin")
config.environment["PATH"] = os.pathsep.join(
    [tools, config.llvm_tools_dir, config.environment["PATH"]]
)
# What a compiler of before has kept is not what is to be tested.
config.environment["NACRE_CACHE_DIR"] = ""
# Diagnostics are checked as text, without colours.
config.environment["NO_COLOR"] = "1"
# A failing FileCheck prints the whole input, not a window of it.
config.environment["FILECHECK_OPTS"] = "--dump-input-context=20"
for variable in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "OMP_NUM_THREADS"):
    if variable in os.environ:
        config.environment[variable] = os.environ[variable]

# What links the runtime archive of a sanitized build needs the sanitizers' own.
compiler = config.c_compiler + (" -fsanitize=address,undefined" if config.sanitized else "")
# %nacre_src and %nacre_bin: the two roots. %mlir_include: MLIR's .td files. %cc: the C compiler of
# this build.
config.substitutions += [
    ("%nacre_src", config.nacre_source_root),
    ("%nacre_bin", config.nacre_binary_root),
    ("%mlir_include", config.mlir_include_dirs),
    ("%cc", compiler),
    ("%python", config.python),
]

# `REQUIRES: nacre`: the driver is part of this build (it is not while only libraries are built).
for tool in ("nacre", "nacre-opt"):
    if os.path.exists(os.path.join(tools, tool)):
        config.available_features.add(tool)
if config.sanitized:
    config.available_features.add("sanitized")
for module in ("numpy", "torch"):
    found = subprocess.run(
        [config.python, "-c", f"import importlib.util as u; raise SystemExit(u.find_spec('{module}') is None)"]
    )
    if found.returncode == 0:
        config.available_features.add(module)
