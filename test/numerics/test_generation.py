# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Full tier: the loops of std.generation against transformers' generate() with the same random weights."""
import pathlib
import shutil

import numpy as np
import pytest
import torch
import transformers

from catalog import FULL, SMALL
from network import ROOT
from stateful import Stateful

HERE = pathlib.Path(__file__).resolve().parent
NEVER = -1  # a stop token that no model gives


class Generator(Stateful):
    """An artifact whose entries continue a prompt, and the same network of transformers."""

    def __init__(self, model, folder, twin, **settings):
        options = [text for name, value in settings.items() for text in ("--set", f"{name}={value}")]
        for path in (*(ROOT / "models" / "gpt2").glob("*.ncr"), HERE / "decoding" / model):
            shutil.copy(path, folder)
        super().__init__(folder / model, folder, folder / "net", *options)
        self.twin = twin.from_pretrained(folder, attn_implementation="eager").eval()
        self.ctx = self.twin.config.n_positions
        self.vocab = self.twin.config.vocab_size

    def prompt(self, seed, batch, length):
        return np.random.default_rng(seed).integers(0, self.vocab, (batch, length))

    def generate(self, entry, prompt, *inputs):
        """What an entry makes of a prompt: the tokens that count."""
        tokens, length = np.full((prompt.shape[0], self.ctx), -7, np.int64), np.zeros((), np.int64)
        state = self.new_state(prompt.shape[0])
        scalars = [np.array(x, np.float32 if isinstance(x, float) else np.int64) for x in inputs]
        sizes = {"B": prompt.shape[0], "S": prompt.shape[1]}
        self.run_with(state, entry, sizes, [prompt, *scalars], [tokens, length])
        self.free(state)
        return tokens[:, : int(length)]

    def expected(self, prompt, stop, **options):
        """What transformers makes of it."""
        ids = torch.from_numpy(prompt)
        with torch.no_grad():
            made = self.twin.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_length=options.pop("max_length", self.ctx),
                eos_token_id=None if stop == NEVER else int(stop),
                pad_token_id=max(int(stop), 0),
                bos_token_id=None,
                **{"do_sample": False, **options},
            )
        return made.numpy() if torch.is_tensor(made) else made


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generation")
    SMALL["gpt2-odd"].write(folder)
    generator = Generator("gpt2_loops.ncr", folder, transformers.GPT2LMHeadModel)
    yield generator
    generator.close()


def stops(free, prompt_length):
    """Stop tokens for a test: none, one that a row meets early, and one that it meets late."""
    made = free[0, prompt_length:]
    return [NEVER, made[2], made[len(made) // 2]]


@pytest.mark.parametrize("batch, length", [(1, 1), (1, 9), (3, 17), (2, 202)])
def test_greedy(gpt2, batch, length):
    prompt = gpt2.prompt(batch + length, batch, length)
    free = gpt2.generate("generate", prompt, NEVER)
    assert free.shape == (batch, gpt2.ctx)
    for stop in stops(free, length) if length < 200 else [NEVER]:
        assert np.array_equal(gpt2.generate("generate", prompt, stop), gpt2.expected(prompt, stop)), stop


def test_a_full_context_is_left_as_it_is(gpt2):
    prompt = gpt2.prompt(3, 2, gpt2.ctx)
    assert np.array_equal(gpt2.generate("generate", prompt, NEVER), prompt)


@pytest.mark.parametrize("penalty", (1.0, 1.3, 0.7))
def test_repetition_penalty(gpt2, penalty):
    prompt = gpt2.prompt(5, 2, 11)
    got = gpt2.generate("varied", prompt, NEVER, penalty)
    assert np.array_equal(got, gpt2.expected(prompt, NEVER, repetition_penalty=penalty))


@pytest.mark.parametrize("temperature, p, penalty", [(1.0, 1.0, 1.0), (0.7, 0.9, 1.2), (1.5, 0.5, 1.0)])
def test_drawn_tokens_are_those_that_transformers_leaves(gpt2, temperature, p, penalty):
    """Each token that is drawn has a probability behind the processors of transformers."""
    prompt = gpt2.prompt(7, 3, 9)
    got = gpt2.generate("draw", prompt, NEVER, 3, temperature, p, penalty)
    assert got.shape == (3, gpt2.ctx)
    processors = transformers.LogitsProcessorList([
        transformers.RepetitionPenaltyLogitsProcessor(penalty),
        transformers.TemperatureLogitsWarper(temperature),
        transformers.TopPLogitsWarper(p),
    ])
    ids = torch.from_numpy(got)
    with torch.no_grad():
        logits = gpt2.twin(ids).logits
    surprise = []
    for place in range(prompt.shape[1], gpt2.ctx):
        left = processors(ids[:, :place], logits[:, place - 1]).log_softmax(-1)
        entropy = -(left.exp() * left.nan_to_num(0, neginf=0)).sum(-1, keepdim=True)
        surprise.append(-left.gather(1, ids[:, place : place + 1]) - entropy)
    surprise = torch.cat(surprise, 1).flatten()
    assert surprise.isfinite().all()
    # Their mean logarithm is the entropy, but for chance.
    assert abs(surprise.mean()) < 5 * surprise.std() / len(surprise) ** 0.5


def test_the_key_draws(gpt2):
    prompt = gpt2.prompt(8, 2, 5)
    first, again, other = (gpt2.generate("draw", prompt, NEVER, key, 1.0, 1.0, 1.0) for key in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


BEAMS = {
    "usual": {"beams": 4},
    "all-done": {"beams": 3, "early_stopping": "true", "length_penalty": 0.0},
    "never": {"beams": 4, "early_stopping": "never", "length_penalty": 0.25, "prompts": 2, "returned": 3},
    "never-short": {"beams": 2, "early_stopping": "never", "length_penalty": -1.5},
}


@pytest.fixture(scope="module", params=BEAMS)
def beams(request, tmp_path_factory):
    """GPT-2 with a beam search of those options, what they are, and what transformers calls them."""
    folder = tmp_path_factory.mktemp(request.param)
    SMALL["gpt2-odd"].write(folder)
    usual = {"early_stopping": "false", "length_penalty": 1.0, "prompts": 1, "returned": 1}
    settings = usual | BEAMS[request.param]
    generator = Generator("gpt2_beams.ncr", folder, transformers.GPT2LMHeadModel, **settings)
    options = {
        "num_beams": settings["beams"],
        "early_stopping": {"false": False, "true": True, "never": "never"}[settings["early_stopping"]],
        "length_penalty": settings["length_penalty"],
        "num_return_sequences": settings["returned"],
    }
    yield generator, settings, options
    generator.close()


def searched(generator, settings, prompt, stop):
    rows = settings["prompts"] * settings["returned"]
    tokens, length = np.full((rows, generator.ctx), -7, np.int64), np.zeros((), np.int64)
    scores = np.zeros(rows, np.float32)
    state = generator.new_state(settings["prompts"] * settings["beams"])
    inputs = [prompt, np.array(stop, np.int64)]
    generator.run_with(state, "beam", {"S": prompt.shape[1]}, inputs, [tokens, length, scores])
    generator.free(state)
    return tokens[:, : int(length)], scores


@pytest.mark.parametrize("length", (1, 150, 190))
def test_beam_search(beams, length):
    generator, settings, options = beams
    prompt = generator.prompt(length, settings["prompts"], length)
    free, _ = searched(generator, settings, prompt, NEVER)
    assert free.shape[1] == generator.ctx
    found = list(dict.fromkeys(free[:, length:].flatten().tolist()))
    met = 0
    for stop in [NEVER] if length == 1 else [NEVER, *found[:3], *found[-2:], 5]:
        got, scores = searched(generator, settings, prompt, stop)
        expected = generator.expected(prompt, stop, return_dict_in_generate=True, output_scores=True, **options)
        ids = expected.sequences.numpy()
        assert np.array_equal(got, ids), stop
        assert np.allclose(scores, expected.sequences_scores.numpy(), rtol=1e-4, atol=1e-5), stop
        met += got.shape[1] < generator.ctx
    assert met or length == 1


def test_beams_are_reordered(beams):
    """The prompts are such that a row does not always go on from itself, or the caches' order would not matter."""
    generator, settings, options = beams
    prompt = generator.prompt(23, settings["prompts"], 23)
    found = generator.expected(prompt, NEVER, return_dict_in_generate=True, output_scores=True, **options)
    parents = found.beam_indices.numpy()
    assert (parents[:, 1:] != parents[:, :-1]).any()


# Of the models with caches: the class of transformers, the inputs before the prompt, and what generate() takes of them.
ZOO = {
    "llama": (transformers.LlamaForCausalLM, lambda n, rows: {}),
    "t5": (transformers.T5ForConditionalGeneration, lambda n, rows: texts(n, rows)),
    "whisper": (transformers.WhisperForConditionalGeneration, lambda n, rows: spectra(n, rows)),
}


def texts(config, rows):
    ids = np.random.default_rng(rows).integers(1, config.vocab_size, (rows, 13))
    mask = np.arange(13) < np.linspace(13, 6, rows).astype(int)[:, None]
    return {"input_ids": ids, "attention_mask": mask.astype(np.int64)}


def spectra(config, rows):
    shape = (rows, config.num_mel_bins, 2 * config.max_source_positions)
    return {"input_features": np.random.default_rng(rows).normal(size=shape).astype(np.float32)}


@pytest.fixture(scope="module", params=ZOO)
def cached(request, tmp_path_factory):
    """One of the models: (artifact of its file, artifact with beams, the network of transformers, what it reads)."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    FULL[f"{name}-cached"].write(folder)
    for path in (*(ROOT / "models" / name).glob("*.ncr"), HERE / "decoding" / f"{name}_beams.ncr"):
        shutil.copy(path, folder)
    kind, reads = ZOO[name]
    twin, info = kind.from_pretrained(folder, attn_implementation="eager", output_loading_info=True)
    assert not info["missing_keys"] and not info["mismatched_keys"]
    greedy = Stateful(folder / "generate.ncr", folder, folder / "greedy")
    beams = Stateful(folder / f"{name}_beams.ncr", folder, folder / "beams")
    yield greedy, beams, twin.eval(), reads
    greedy.close()
    beams.close()


def of_transformers(twin, read, prompt, stop, ctx, **options):
    read = {name: torch.from_numpy(x) for name, x in read.items()}
    ids = torch.from_numpy(prompt)
    first = {"decoder_input_ids": ids} if read else {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    # Whisper's own generate() splits speech into pieces; the loop below it is the same for all.
    generate = transformers.GenerationMixin.generate
    made = generate(
        twin,
        **read,
        **first,
        generation_config=transformers.GenerationConfig(
            max_length=ctx,
            eos_token_id=None if stop == NEVER else int(stop),
            pad_token_id=max(int(stop), 0),
            decoder_start_token_id=0 if read else None,
            do_sample=False,
            return_dict_in_generate=True,
            output_scores=True,
            **options,
        ),
    )
    return made


def beginning(seed, twin, read, rows, length):
    """A prompt; what encoders have read is continued behind the token 0."""
    prompt = np.random.default_rng(seed).integers(1, twin.config.vocab_size, (rows, length))
    prompt[:, 0] *= not read
    return prompt


def continued(artifact, entry, ctx, read, prompt, stop, rows):
    """What an entry makes of one prompt or several: the places that count, and the scores of a beam search."""
    tokens, length = np.full((len(prompt), ctx), -7, np.int64), np.zeros((), np.int64)
    scores = [np.zeros(1, np.float32)] if entry == "beam" else []
    sizes = {"B": len(prompt), "S": prompt.shape[1], "M": 13}
    sizes = {name: sizes[name] for name in artifact.dims(entry)}
    variables = {"B": rows, "M": 13}
    state = artifact.new_state(*(variables[name] for name in artifact.state_variables()))
    inputs = [*read.values(), prompt, np.array(stop, np.int64)]
    artifact.run_with(state, entry, sizes, inputs, [tokens, length, *scores])
    artifact.free(state)
    return tokens[:, : int(length)], scores


@pytest.mark.parametrize("rows, length", [(1, 1), (3, 5)])
def test_zoo_greedy(cached, rows, length):
    artifact, _, twin, reads = cached
    ctx, read = 104, reads(twin.config, rows)
    prompt = beginning(length, twin, read, rows, length)
    free, _ = continued(artifact, "generate", ctx, read, prompt, NEVER, rows)
    assert free.shape == (rows, ctx)
    for stop in stops(free, length):
        expected = of_transformers(twin, read, prompt, stop, ctx).sequences.numpy()
        assert np.array_equal(continued(artifact, "generate", ctx, read, prompt, stop, rows)[0], expected), stop


@pytest.mark.parametrize("length", (1, 70))
def test_zoo_beam_search(cached, length):
    _, artifact, twin, reads = cached
    ctx, read = 104, reads(twin.config, 1)
    prompt = beginning(length, twin, read, 1, length)
    free, _ = continued(artifact, "beam", ctx, read, prompt, NEVER, 3)
    options = {"early_stopping": "input_ids" in read, "length_penalty": 0.5 if "input_features" in read else 1.0}
    for stop in stops(free, length):
        expected = of_transformers(twin, read, prompt, stop, ctx, num_beams=3, **options)
        got, [score] = continued(artifact, "beam", ctx, read, prompt, stop, 3)
        assert np.array_equal(got, expected.sequences.numpy()), stop
        assert np.allclose(score, expected.sequences_scores.numpy(), rtol=1e-4), stop
