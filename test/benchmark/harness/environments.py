# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A Python environment for each peer, so that their packages and OpenMP libraries never meet."""
import os
import shutil
import subprocess
import sys
import venv

from harness.paths import BUILD

# What a peer of that environment needs. One that cannot be had is named in the results.
PACKAGES = {
    "report": ["numpy>=1.24", "matplotlib>=3.7"],
    "onnx": ["numpy>=1.24", "onnx>=1.16"],
    "pytorch": ["torch==2.13.0", "numpy>=1.24", "onnx>=1.16", "onnxscript"],
    "onnxruntime": ["onnxruntime", "onnx>=1.16", "numpy>=1.24"],
    "openvino": ["openvino", "nncf", "onnx>=1.16", "numpy>=1.24"],
    "iree": ["iree-base-compiler", "iree-base-runtime", "onnx>=1.16", "numpy>=1.24"],
    "tvm": ["apache-tvm", "onnx>=1.16", "numpy>=1.24"],
    "ctranslate2": ["ctranslate2", "numpy>=1.24"],
    "llama-cpp": ["llama-cpp-python", "gguf", "numpy>=1.24"],
}
# Comes as source alone; pip builds it for this machine, which takes some minutes.
BUILT = "llama-cpp-python"


class CannotInstall(Exception):
    pass


def python_of(name):
    return BUILD / "environments" / name / "bin" / "python"


def ensure(name, say):
    """Makes the environment where it is not there yet; gives its Python."""
    folder, log = BUILD / "environments" / name, BUILD / "logs" / f"install-{name}.log"
    stamp, wanted = folder / "installed", "\n".join(PACKAGES[name])
    if stamp.exists() and stamp.read_text() == wanted:
        return python_of(name)
    say(f"installing {', '.join(PACKAGES[name])}")
    log.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    with open(log, "w") as out:
        try:
            venv.create(folder, with_pip=True)
            # Wheels else: an old version that only exists as source is not what anybody runs.
            options = ["--quiet", "--only-binary=:all:", f"--no-binary={BUILT}"]
            command = [python_of(name), "-m", "pip", "install", *options, *PACKAGES[name]]
            done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, env=quiet_pip())
        except (OSError, subprocess.CalledProcessError) as error:
            raise CannotInstall(str(error)) from None
    if done.returncode != 0:
        errors = [line for line in log.read_text().splitlines() if line.startswith("ERROR:")]
        raise CannotInstall(errors[-1].removeprefix("ERROR: ") if errors else f"pip failed; see {log}")
    stamp.write_text(wanted)
    return python_of(name)


def quiet_pip():
    # llama.cpp's own part for images is not measured, so it is not built.
    return os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "CMAKE_ARGS": "-DLLAVA_BUILD=OFF"}


def restart_in_report():
    """Goes on in the environment that has NumPy and matplotlib, which the caller's Python may lack."""
    python = ensure("report", lambda text: print(f"benchmark: {text}", file=sys.stderr, flush=True))
    if os.path.abspath(sys.executable) != str(python):
        os.execv(python, [str(python), *sys.argv])
