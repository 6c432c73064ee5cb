# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""llama.cpp, with BERT and GPT-2 in its own files; int8 is its Q8_0, a scale for every 32 weights."""
import numpy as np

from peers.base import Lacks, Peer

BERT = {  # of one layer: our names, theirs
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
BERT_EMBEDDINGS = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
}
GPT2 = {
    "ln_1": "attn_norm",
    "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output",
    "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down",
}
GPT2_REST = {"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm"}


def renamed(is_bert, tensors, layers):
    """(their name, array) of all tensors, matrices as [out, in]."""
    parts = dict(BERT_EMBEDDINGS if is_bert else GPT2_REST)
    for i in range(layers):
        prefix = f"encoder.layer.{i}." if is_bert else f"h.{i}."
        parts |= {f"{prefix}{ours}": f"blk.{i}.{theirs}" for ours, theirs in (BERT if is_bert else GPT2).items()}
    for ours, theirs in parts.items():
        for kind in ("weight", "bias"):
            array = tensors.get(f"{ours}.{kind}")
            if array is not None:
                yield f"{theirs}.{kind}", np.ascontiguousarray(array.T if ".c_" in ours and kind == "weight" else array)
    if not is_bert:
        yield "output.weight", tensors["wte.weight"]


def write_gguf(path, is_bert, config, tensors, precision):
    import gguf

    key = (lambda ours, theirs: config[ours if is_bert else theirs])
    layers, dim = key("num_hidden_layers", "n_layer"), key("hidden_size", "n_embd")
    writer = gguf.GGUFWriter(path, "bert" if is_bert else "gpt2")
    writer.add_context_length(key("max_position_embeddings", "n_positions"))
    writer.add_embedding_length(dim)
    writer.add_feed_forward_length(config["intermediate_size"] if is_bert else 4 * dim)
    writer.add_block_count(layers)
    writer.add_head_count(key("num_attention_heads", "n_head"))
    writer.add_layer_norm_eps(key("layer_norm_eps", "layer_norm_epsilon"))
    writer.add_tokenizer_model("no_vocab")
    writer.add_vocab_size(config["vocab_size"])
    if is_bert:
        writer.add_causal_attention(False)
        writer.add_pooling_type(gguf.PoolingType.NONE)
        writer.add_token_type_count(config["type_vocab_size"])
    stored = {"f32": "F32", "bf16": "BF16", "int8": "Q8_0"}[precision]
    for name, array in renamed(is_bert, tensors, layers):
        narrow = array.ndim == 2 and (name.startswith("blk.") or name == "output.weight")
        kind = gguf.GGMLQuantizationType[stored if narrow else "F32"]
        writer.add_tensor(name, gguf.quants.quantize(array, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class LlamaCpp(Peer):
    title = "llama.cpp"
    environment = "llama-cpp"
    # It looks gelu up in a table of f16; PyTorch with such a gelu has the same error, 2.2e-4 in GPT-2.
    less_accurate = {"f32": 1e-3}
    context = model = None

    def version(self):
        import llama_cpp

        return f"(llama-cpp-python {llama_cpp.__version__})"

    def prepare(self, workload, folder):
        import llama_cpp

        if workload.kind not in ("network", "decoding") or not workload.network_name.startswith(("bert", "gpt2")):
            raise Lacks("has transformers of language only")
        is_bert = workload.network_name.startswith("bert")
        network = workload.stored
        path = self.scratch() / "model.gguf"
        write_gguf(path, is_bert, network.config, dict(network.tensors()), workload.precision)
        self.lib = llama_cpp
        self.load(path, workload, is_bert)
        if workload.kind == "decoding":
            return self.step(workload, folder)
        return self.calls(workload, workload.inputs(folder)["ids"], is_bert)

    def load(self, path, workload, is_bert):
        lib = self.lib
        lib.llama_backend_init()
        self.model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
        if not self.model:
            raise RuntimeError("llama.cpp cannot load the model; its log says why")
        params = lib.llama_context_default_params()
        decoding = workload.kind == "decoding"
        tokens = workload.place + 1 if decoding else workload.batch * workload.length
        params.n_ctx = params.n_batch = params.n_ubatch = tokens
        params.n_seq_max = 1 if decoding else workload.batch
        params.n_threads = params.n_threads_batch = self.threads
        params.embeddings = is_bert
        params.pooling_type = 0
        params.no_perf = True
        # In f32 the cache is, too, and attention not in tiles: with them the error of GPT-2 is ten times as large.
        tiles = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED if workload.precision == "f32" else lib.LLAMA_FLASH_ATTN_TYPE_ENABLED
        params.flash_attn_type = tiles
        params.type_k = params.type_v = {"f32": 0, "bf16": 1, "int8": 1}[workload.precision]  # GGML's f32, f16
        self.context = lib.llama_init_from_model(self.model, params)
        if not self.context:
            raise RuntimeError("llama.cpp makes no context for the model; its log says why")

    def batch(self, ids, first, wanted):
        """One sequence of tokens from a place on, with the logits after the last or after each."""
        batch = self.lib.llama_batch_init(ids.size, 0, 1)
        batch.n_tokens = ids.size
        for i, token in enumerate(ids.reshape(-1).tolist()):
            batch.token[i], batch.pos[i] = token, first + i
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
            batch.logits[i] = wanted(i)
        return batch

    def decode(self, batch):
        status = self.lib.llama_decode(self.context, batch)
        if status != 0:
            raise RuntimeError(f"llama.cpp gives status {status}")

    def step(self, workload, folder):
        lib, prompt = self.lib, workload.prompt(folder)
        self.decode(self.batch(prompt, 0, lambda i: i == prompt.size - 1))
        batch = self.batch(workload.inputs(folder)["ids"], workload.place, lambda _: True)
        memory = lib.llama_get_memory(self.context)

        def call():
            lib.llama_memory_seq_rm(memory, 0, workload.place, -1)
            self.decode(batch)

        width = workload.config["vocab_size"]
        return call, lambda _: np.ctypeslib.as_array(lib.llama_get_logits(self.context), (1, width)).copy()

    def calls(self, workload, ids, is_bert):
        lib = self.lib
        tokens = workload.batch * workload.length
        batch = lib.llama_batch_init(tokens, 0, 1)
        batch.n_tokens = tokens
        for i, token in enumerate(ids.reshape(-1).tolist()):
            batch.token[i], batch.pos[i] = token, i % workload.length
            batch.n_seq_id[i], batch.logits[i] = 1, 1
            batch.seq_id[i][0] = i // workload.length
        memory = lib.llama_get_memory(self.context)
        compute = lib.llama_encode if is_bert else lib.llama_decode

        def call():
            if memory:
                lib.llama_memory_clear(memory, False)
            status = compute(self.context, batch)
            if status != 0:
                raise RuntimeError(f"llama.cpp gives status {status}")

        def result(_):
            width = workload.network.output_shape(workload.entry, workload.batch, workload.length)[-1]
            values = lib.llama_get_embeddings(self.context) if is_bert else lib.llama_get_logits(self.context)
            return np.ctypeslib.as_array(values, (workload.batch, workload.length, width)).copy()

        return call, result

    def release(self):
        if self.context:
            self.lib.llama_free(self.context)
        if self.model:
            self.lib.llama_model_free(self.model)
        self.context = self.model = None
        super().release()
