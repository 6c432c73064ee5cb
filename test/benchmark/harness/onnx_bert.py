# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""BERT as ONNX graphs.

Two forms: `plain`, standard operators as an exporter writes them, and `fused`, ONNX Runtime's own BERT operators
(com.microsoft Attention, SkipLayerNormalization, BiasGelu), which is what its transformer optimiser makes of the
plain form.
"""
import math

import numpy as np

from harness.onnx_graph import Graph


def build(config, tensors, fused, sizes):
    """Serialised ONNX model of a BERT: ids, mask, types (i64 [sizes]) -> result (f32 [sizes, dim]).

    `tensors` are its weights by their published names.
    """
    from onnx import TensorProto

    c = config
    dim, heads = c["hidden_size"], c["num_attention_heads"]
    depth, eps = dim // heads, c["layer_norm_eps"]
    g = Graph()
    w = lambda name: g.weight(name, tensors[name])
    transposed = lambda name: g.weight(name, np.ascontiguousarray(tensors[name].T))
    microsoft = lambda kind, *inputs, **more: g.op(kind, *inputs, domain="com.microsoft", **more)

    def norm(x, name):
        return g.op("LayerNormalization", x, w(f"{name}.weight"), w(f"{name}.bias"), axis=-1, epsilon=eps)

    def linear(x, name):
        return g.op("Add", g.op("MatMul", x, transposed(f"{name}.weight")), w(f"{name}.bias"))

    def split_heads(x):
        parted = g.op("Reshape", x, g.constant(np.array([0, 0, heads, depth], np.int64)))
        return g.op("Transpose", parted, perm=[0, 2, 1, 3])

    def residual(x, skip, name):
        if not fused:
            return norm(g.op("Add", linear(x, f"{name}.dense"), skip), f"{name}.LayerNorm")
        product = g.op("MatMul", x, transposed(f"{name}.dense.weight"))
        scale_shift = w(f"{name}.LayerNorm.weight"), w(f"{name}.LayerNorm.bias")
        return microsoft(
            "SkipLayerNormalization", product, skip, *scale_shift, w(f"{name}.dense.bias"), epsilon=eps
        )

    def attention(x, prefix):
        names = [f"{prefix}{n}" for n in ("query", "key", "value")]
        if fused:
            merged = np.concatenate([tensors[f"{n}.weight"].T for n in names], axis=1)
            bias = np.concatenate([tensors[f"{n}.bias"] for n in names])
            args = g.weight(f"{prefix}qkv", np.ascontiguousarray(merged)), g.weight(f"{prefix}bias", bias)
            return microsoft("Attention", x, *args, int_mask, num_heads=heads)
        q, k, v = (split_heads(linear(x, n)) for n in names)
        scores = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
        scores = g.op("Mul", scores, g.constant(np.float32(1 / math.sqrt(depth))))
        context = g.op("MatMul", g.op("Softmax", g.op("Add", scores, additive_mask), axis=-1), v)
        merged = g.op("Transpose", context, perm=[0, 2, 1, 3])
        return g.op("Reshape", merged, g.constant(np.array([0, 0, dim], np.int64)))

    def gelu(x, name):
        if fused:
            product = g.op("MatMul", x, transposed(f"{name}.weight"))
            return microsoft("BiasGelu", product, w(f"{name}.bias"))
        y = linear(x, name)
        erf = g.op("Erf", g.op("Div", y, g.constant(np.float32(math.sqrt(2)))))
        half = g.op("Mul", y, g.constant(np.float32(0.5)))
        return g.op("Mul", half, g.op("Add", erf, g.constant(np.float32(1))))

    if fused:
        int_mask = g.op("Cast", "mask", to=TensorProto.INT32)
    else:
        wide = g.op("Unsqueeze", g.op("Cast", "mask", to=TensorProto.FLOAT), g.constant(np.array([1, 2], np.int64)))
        hidden = g.op("Sub", g.constant(np.float32(1)), wide)
        additive_mask = g.op("Mul", hidden, g.constant(np.float32(-1e30)))

    end = g.op("Shape", "ids", start=1, end=2)
    zero, axis = g.constant(np.array([0], np.int64)), g.constant(np.array([0], np.int64))
    e = "embeddings."
    x = g.op("Gather", w(f"{e}word_embeddings.weight"), "ids")
    x = g.op("Add", x, g.op("Slice", w(f"{e}position_embeddings.weight"), zero, end, axis))
    x = norm(g.op("Add", x, g.op("Gather", w(f"{e}token_type_embeddings.weight"), "types")), f"{e}LayerNorm")
    for i in range(c["num_hidden_layers"]):
        layer = f"encoder.layer.{i}."
        x = residual(attention(x, f"{layer}attention.self."), x, f"{layer}attention.output")
        x = residual(gelu(x, f"{layer}intermediate.dense"), x, f"{layer}output")
    return g.model(x, {n: ("i64", sizes) for n in ("ids", "mask", "types")}, [*sizes, dim])
