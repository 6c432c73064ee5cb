# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Element types that NumPy lacks, by the values that they can hold: bf16, 8-bit floats and i4."""
import functools

import numpy as np

# Bits of the exponent and of the fraction, and whether the highest exponent is that of infinities.
FORMATS = {"bf16": (8, 7, True), "f8e4m3": (4, 3, False), "f8e5m2": (5, 2, True)}


@functools.cache
def finite(name):
    """All finite values from zero up: place i is what the bits i stand for."""
    exponents, fraction, has_inf = FORMATS[name]
    highest, codes = 2**exponents - 1, np.arange(2 ** (exponents + fraction))
    exponent, rest = codes >> fraction, codes & (2**fraction - 1)
    bias = 2 ** (exponents - 1) - 1
    values = np.where(
        exponent == 0,
        np.ldexp(rest.astype(np.float64), 1 - bias - fraction),
        np.ldexp((rest + 2**fraction).astype(np.float64), exponent - bias - fraction),
    )
    return values[: -(2**fraction)] if has_inf else values[:-1]


def rounded(values, name):
    """Floats as the nearest ones of that type, ties to the even ones; beyond its range infinity, or NaN."""
    held, has_inf = finite(name), FORMATS[name][2]
    wide = np.abs(values.astype(np.float64))
    above = np.searchsorted(held, wide).clip(1, len(held) - 1)
    low, high = held[above - 1], held[above]
    up = (wide - low > high - wide) | ((wide - low == high - wide) & (above % 2 == 0))
    nearest = np.where(up, high, low)
    # The first value that the type does not hold would be as far above its highest as the one before is below.
    step = held[-1] - held[-2]
    beyond = np.where(len(held) % 2, wide > held[-1] + step / 2, wide >= held[-1] + step / 2)
    nearest = np.where(beyond, np.inf if has_inf else np.nan, nearest)
    return np.copysign(np.where(np.isnan(wide), np.nan, nearest), values).astype(np.float32)


def wrapped(values):
    """Integers as i4 has them."""
    return (((values.astype(np.int64) + 8) & 15) - 8).astype(np.int8)


def bits(values, name):
    """Values of a float type as the bits that hold them."""
    exponents, fraction, has_inf = FORMATS[name]
    place = np.searchsorted(finite(name), np.abs(values.astype(np.float64)))
    place = np.where(np.isnan(values), 2 ** (exponents + fraction) - 1, place)
    return (place + (np.signbit(values).astype(np.int64) << (exponents + fraction))).astype(_unsigned(name))


def values(held, name):
    """The inverse of `bits`."""
    exponents, fraction, has_inf = FORMATS[name]
    sign = 1 << (exponents + fraction)
    beyond = [np.inf] if has_inf else []
    table = np.concatenate([finite(name), beyond, np.full(sign, np.nan)])[:sign]
    magnitude = table[held & (sign - 1)]
    return np.where(held & sign, -magnitude, magnitude).astype(np.float32)


def _unsigned(name):
    return np.uint16 if name == "bf16" else np.uint8
