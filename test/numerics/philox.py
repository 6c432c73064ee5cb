# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random numbers as docs/language.md defines them, in NumPy: Philox 4x32-10 of Salmon et al. 2011."""
import numpy as np


def philox(counter, key):
    """Philox 4x32-10: a block of four words for each row of `counter`."""
    c = [np.asarray(word, np.uint64) for word in counter]
    k = [np.uint64(key & 0xFFFFFFFF), np.uint64(key >> 32 & 0xFFFFFFFF)]
    low, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(10):
        left, right = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [right >> shift ^ c[1] ^ k[0], right & low, left >> shift ^ c[3] ^ k[1], left & low]
        k = [(k[0] + np.uint64(0x9E3779B9)) & low, (k[1] + np.uint64(0xBB67AE85)) & low]
    return c


def blocks(count, key, stream=0):
    places = np.arange(count, dtype=np.uint64)
    return philox([places, places * 0, places * 0 + np.uint64(stream), places * 0], int(key) % 2**64)


def joined(words):
    return (words[0] | words[1] << np.uint64(32)).astype(np.int64)


def normal(shape, key):
    """Exact normal numbers; those of artifacts are f32."""
    count = int(np.prod(shape))
    u, v = ((word >> np.uint64(8)).astype(np.float64) * 2**-24 for word in blocks(count, key)[:2])
    return (np.sqrt(-2 * np.log(1 - u)) * np.cos(2 * np.pi * v)).reshape(shape)


def folded(key, place):
    """The key of `fold_in`."""
    return int(joined(blocks(place + 1, key, stream=1))[place])
