# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Nacre and those it is compared with, by their names on the command line. No module here loads its library at once."""
from peers.ctranslate2 import CTranslate2
from peers.iree import Iree
from peers.llama_cpp import LlamaCpp
from peers.nacre import Nacre
from peers.onednn import OneDnn
from peers.onnxruntime import OnnxRuntime, OnnxRuntimeFused
from peers.openvino import OpenVino
from peers.pytorch import PyTorch, TorchCompile
from peers.tvm import Tvm

ALL = {
    "nacre": Nacre,
    "onnxruntime": OnnxRuntime,
    "onnxruntime-fused": OnnxRuntimeFused,
    "openvino": OpenVino,
    "pytorch": PyTorch,
    "torch-compile": TorchCompile,
    "onednn": OneDnn,
    "iree": Iree,
    "tvm": Tvm,
    "ctranslate2": CTranslate2,
    "llama-cpp": LlamaCpp,
}
