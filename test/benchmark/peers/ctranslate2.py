# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""CTranslate2: its own form of BERT and GPT-2, filled from the workload's weights."""
import numpy as np

from peers.base import Lacks, Peer


def fill_linear(spec, tensors, names, transposed):
    """One linear layer from some, side by side."""
    weights = [tensors[f"{n}.weight"] for n in names]
    spec.weight = np.ascontiguousarray(np.concatenate([w.T if transposed else w for w in weights]))
    spec.bias = np.concatenate([tensors[f"{n}.bias"] for n in names])


def fill_norm(spec, tensors, name):
    spec.gamma, spec.beta = tensors[f"{name}.weight"], tensors[f"{name}.bias"]


def bert_spec(config, tensors):
    from ctranslate2.specs import common_spec, transformer_spec

    encoder = transformer_spec.TransformerEncoderSpec(
        config["num_hidden_layers"],
        config["num_attention_heads"],
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=common_spec.EmbeddingsMerge.ADD,
    )
    spec = transformer_spec.TransformerEncoderModelSpec(encoder)
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = tensors["embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = tensors["embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = tensors["embeddings.position_embeddings.weight"]
    fill_norm(encoder.layernorm_embedding, tensors, "embeddings.LayerNorm")
    for i, layer in enumerate(encoder.layer):
        of = f"encoder.layer.{i}."
        inputs = [f"{of}attention.self.{n}" for n in ("query", "key", "value")]
        fill_linear(layer.self_attention.linear[0], tensors, inputs, False)
        fill_linear(layer.self_attention.linear[1], tensors, [f"{of}attention.output.dense"], False)
        fill_norm(layer.self_attention.layer_norm, tensors, f"{of}attention.output.LayerNorm")
        fill_linear(layer.ffn.linear_0, tensors, [f"{of}intermediate.dense"], False)
        fill_linear(layer.ffn.linear_1, tensors, [f"{of}output.dense"], False)
        fill_norm(layer.ffn.layer_norm, tensors, f"{of}output.LayerNorm")
    words = [f"w{i}" for i in range(config["vocab_size"])]
    spec.register_vocabulary(words)
    spec.config.unk_token = words[0]
    return spec, config["layer_norm_eps"]


def gpt2_spec(config, tensors):
    from ctranslate2.specs import common_spec, transformer_spec

    spec = transformer_spec.TransformerDecoderModelSpec.from_config(
        config["n_layer"], config["n_head"], pre_norm=True, activation=common_spec.Activation.GELUTanh
    )
    decoder = spec.decoder
    decoder.scale_embeddings = False
    decoder.embeddings.weight = decoder.projection.weight = tensors["wte.weight"]
    decoder.position_encodings.encodings = tensors["wpe.weight"]
    fill_norm(decoder.layer_norm, tensors, "ln_f")
    for i, layer in enumerate(decoder.layer):
        of = f"h.{i}."
        fill_norm(layer.self_attention.layer_norm, tensors, f"{of}ln_1")
        fill_linear(layer.self_attention.linear[0], tensors, [f"{of}attn.c_attn"], True)
        fill_linear(layer.self_attention.linear[1], tensors, [f"{of}attn.c_proj"], True)
        fill_norm(layer.ffn.layer_norm, tensors, f"{of}ln_2")
        fill_linear(layer.ffn.linear_0, tensors, [f"{of}mlp.c_fc"], True)
        fill_linear(layer.ffn.linear_1, tensors, [f"{of}mlp.c_proj"], True)
    words = [f"w{i}" for i in range(config["vocab_size"])]
    spec.register_vocabulary(words)
    spec.config.unk_token = spec.config.bos_token = spec.config.eos_token = words[0]
    return spec, config["layer_norm_epsilon"]


class CTranslate2(Peer):
    title = "CTranslate2"
    environment = "ctranslate2"
    model = None

    def version(self):
        import ctranslate2

        return ctranslate2.__version__

    def prepare(self, workload, folder):
        import ctranslate2

        if workload.kind not in ("network", "decoding") or not workload.network_name.startswith(("bert", "gpt2")):
            raise Lacks("has transformers of language only")
        if workload.precision == "bf16":
            raise Lacks("computes nothing in bf16 on x86-64 CPUs")
        is_bert = workload.network_name.startswith("bert")
        network = workload.stored
        spec, epsilon = (bert_spec if is_bert else gpt2_spec)(network.config, dict(network.tensors()))
        spec.config.layer_norm_epsilon = epsilon
        place = self.scratch()
        spec.validate()
        spec.optimize()
        spec.save(str(place))
        options = {
            "compute_type": {"f32": "float32", "int8": "int8"}[workload.precision],
            "intra_threads": self.threads,
            "inter_threads": 1,
        }
        if workload.kind == "decoding":
            self.model = ctranslate2.Generator(str(place), device="cpu", **options)
            return self.step(workload, folder), lambda y: np.array(y[0].logits[0][0])[None]
        ids = workload.inputs(folder)["ids"].tolist()
        if is_bert:
            self.model = model = ctranslate2.Encoder(str(place), device="cpu", **options)
            return lambda: model.forward_batch(ids), lambda y: np.array(y.last_hidden_state)
        self.model = model = ctranslate2.Generator(str(place), device="cpu", **options)
        return lambda: model.forward_batch(ids), np.array

    def step(self, workload, folder):
        """The prompt is what CTranslate2 calls static: its cache is kept from the first call on."""
        words = lambda ids: [f"w{i}" for i in ids.reshape(-1)]
        options = {
            "static_prompt": words(workload.prompt(folder)),
            "include_prompt_in_result": False,
            "max_length": 1,
            "return_logits_vocab": True,
        }
        start, generate = [words(workload.inputs(folder)["ids"])], self.model.generate_batch
        return lambda: generate(start, **options)

    def release(self):
        self.model = None
        super().release()
