#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Derives the coefficients of codegen/cpu: VectorFunctions.cpp, Trigonometry.cpp, Power.cpp and AttentionMask.cpp.

    tools/coefficients.py [NAME...]

Each function is approximated on an interval by P(x) / Q(x), or by P(x), so that the largest weighted error is as small
as it gets. The method is Lawson's (C. L. Lawson, "Contributions to the theory of linear least maximum approximation",
1961): least squares again and again, each time with more weight where the error is large. Q is handled as Loeb does:
P - fQ is divided by the Q of the round before. Coefficients are rounded to f32 (those for pow to double) one after the other, and those that
remain are fitted anew to make up for it. Needs numpy and mpmath.
"""

import sys

import mpmath
import numpy

mpmath.mp.dps = 40
ULP = 2.0**-24


def single(x):
    return float(numpy.float32(x))


class Fit:
    """f on [low, high] by numerator / denominator, given as the powers that they have; Q(0) is 1. `fixed` gives
    coefficients of the numerator that are not free."""

    def __init__(self, f, low, high, numerator, denominator=(), fixed=None, weight=None, points=600,
                 rounding=single):
        low, high = float(low), float(high)
        k = numpy.arange(points)
        self.x = (low + high) / 2 - (high - low) / 2 * numpy.cos(numpy.pi * (k + 0.5) / points)
        self.f = numpy.array([float(f(mpmath.mpf(float(x)))) for x in self.x])
        self.weight = 1 / numpy.abs(self.f) if weight is None else numpy.array([weight(x) for x in self.x])
        self.numerator, self.denominator = list(numerator), [0, *denominator]
        self.rounding = rounding
        self.fixed = {("P", power): value for power, value in (fixed or {}).items()} | {("Q", 0): 1.0}

    def solve(self, rounds):
        """The largest error and the coefficients."""
        columns = {("P", power): self.x**power for power in self.numerator}
        columns |= {("Q", power): -self.f * self.x**power for power in self.denominator}
        free = [key for key in columns if key not in self.fixed]
        target = -sum(columns[key] * value for key, value in self.fixed.items())
        lawson, before = numpy.ones_like(self.x), numpy.ones_like(self.x)
        best = (numpy.inf, None)
        for _ in range(rounds):
            values = dict(self.fixed)
            if free:
                scale = self.weight * numpy.sqrt(lawson) / before
                matrix = numpy.stack([columns[key] for key in free], 1) * scale[:, None]
                norms = numpy.abs(matrix).max(0)
                solution = numpy.linalg.lstsq(matrix / norms, target * scale, rcond=1e-17)[0] / norms
                values |= dict(zip(free, solution))
            p = sum(values["P", power] * self.x**power for power in self.numerator)
            q = sum(values["Q", power] * self.x**power for power in self.denominator)
            error = numpy.abs(p / q - self.f) * self.weight
            if (q > 0).all() and error.max() < best[0]:
                best = (error.max(), values)
            before = numpy.abs(q)
            lawson = lawson * (error / error.max() + 1e-3)
            lawson /= lawson.mean()
        return best

    def rounded(self):
        """The largest error before rounding and after, and the coefficients, all of them f32."""
        ideal, values = self.solve(300)
        for key in sorted(values, key=lambda key: (key[1], key[0])):
            if key not in self.fixed:
                self.fixed[key] = self.rounding(values[key])
                values = self.solve(60)[1]
        error, values = self.solve(1)
        return ideal, error, values


LN2 = float(mpmath.log(2))

# gelu(x) = max(x, 0) - t Phi(-t), t = |x|; t Phi(-t) = 2^(-HALF_LOG2E t^2) t b(t) / (SLOPE t b(t) + a(t)). With SLOPE
# near sqrt(2 pi), the limit of the ratio, `a` stays small, and the errors of `b` cancel where t is large. HALF_LOG2E is
# 1 / (2 ln 2) in f32; the fraction makes up for the difference.
HALF_LOG2E = single(0.5 / mpmath.log(2))
SLOPE = single(2.506645)


def gelu_factor(t):
    """What 2^(-HALF_LOG2E t^2) is multiplied with."""
    return t * mpmath.erfc(t / mpmath.sqrt(2)) / 2 * mpmath.power(2, mpmath.mpf(HALF_LOG2E) * t * t)


def expm1_rest(x):
    """e^x - 1 = x + x^2 * this"""
    return (mpmath.expm1(x) - x) / x**2 if x else mpmath.mpf(0.5)


def tanh_rest(x):
    """(e^2x - 1) / 2 = x + x^2 * this"""
    return 2 * expm1_rest(2 * x)


def erf_rest(h):
    """erf(x) = x + x * this of x^2"""
    x = mpmath.sqrt(h)
    return mpmath.erf(x) / x - 1


def log1p_rest(z):
    """log(1 + z) = z + z * this"""
    return mpmath.log1p(z) / z - 1


def log_rest(f):
    """log(1 + f) = f + f^2 * this"""
    return (mpmath.log1p(f) - f) / f**2 if f else mpmath.mpf(-0.5)


def sin_rest(h):
    """sin(x) = x + x^3 * this of x^2"""
    x = mpmath.sqrt(h)
    return (mpmath.sin(x) - x) / x**3


def relative(part, whole):
    """A weight: `part` of what the coefficients are fitted to makes an error relative to `whole`."""
    return lambda x: abs(float(part(mpmath.mpf(float(x))) / whole(mpmath.mpf(float(x)))))


TABLE = {
    # e^r for |r| <= ln(2) / 2
    "exp": lambda: Fit(mpmath.exp, -LN2 / 2 - 1e-5, LN2 / 2 + 1e-5, range(7), fixed={0: 1.0, 1: 1.0}),
    # 2^r for |r| <= 1/2
    "exp2": lambda: Fit(lambda r: mpmath.power(2, r), -0.50001, 0.50001, range(7), fixed={0: 1.0}),
    # The same in a power less, for the weights of attention
    "exp2_short": lambda: Fit(lambda r: mpmath.power(2, r), -0.50001, 0.50001, range(6), fixed={0: 1.0}),
    "expm1": lambda: Fit(expm1_rest, -LN2 / 2 - 1e-5, LN2 / 2 + 1e-5, range(5),
                         weight=relative(lambda x: x**2, mpmath.expm1)),
    # P is `a`, Q is `b`
    "gelu": lambda: Fit(lambda t: t / gelu_factor(t) - mpmath.mpf(SLOPE) * t, 1e-4, 14.5, range(4), range(1, 5),
                        weight=relative(gelu_factor, lambda t: t)),
    "tanh": lambda: Fit(tanh_rest, -LN2 / 4 - 1e-5, LN2 / 4 + 1e-5, range(5),
                        weight=relative(lambda x: x**2, lambda x: mpmath.expm1(2 * x) / 2)),
    "erf_small": lambda: Fit(erf_rest, 1e-8, 0.9**2, range(6), weight=relative(lambda h: 1, lambda h: 1 + erf_rest(h))),
    # the fourth root of 1 - erf
    "erf_large": lambda: Fit(lambda t: mpmath.erfc(t)**0.25, 0.899, 3.95, range(9),
                             weight=relative(lambda t: 4 * mpmath.erfc(t)**0.75, lambda t: 1)),
    "softplus": lambda: Fit(log1p_rest, 1e-8, 1, range(1, 10), weight=relative(lambda z: z, mpmath.log1p)),
    "log": lambda: Fit(log_rest, -0.25, 0.5, range(9), weight=relative(lambda f: f**2, mpmath.log1p)),
    # the fit's neighbour with the smallest error in f32 arithmetic of those that make cos(0) 1
    "sin": lambda: Fit(sin_rest, 1e-8, (mpmath.pi / 2)**2 + 0.02, range(4),
                       fixed={0: single(-0.166666597), 1: single(0.008333073), 2: single(-0.000198096677),
                              3: single(2.60476986e-06)},
                       weight=relative(lambda h: h, lambda h: 1 + h * sin_rest(h))),
    # in double precision, for pow
    "log2_double": lambda: Fit(lambda f: mpmath.log(1 + f, 2) / f if f else 1 / mpmath.log(2), -0.25, 0.5, range(15),
                               rounding=float),
    "exp2_double": lambda: Fit(lambda r: mpmath.power(2, r), -0.5, 0.5, range(8), rounding=float),
}


def main(names):
    for name in names or TABLE:
        fit = TABLE[name]()
        ideal, error, values = fit.rounded()
        digits = 9 if fit.rounding is single else 17
        print(f"{name}: largest error {error / ULP:.3f} x 2^-24, {ideal / ULP:.3f} before rounding")
        for part in "PQ":
            powers = sorted((power for which, power in values if which == part), reverse=True)
            numbers = ", ".join(f"{values[part, power]:.{digits}g}" for power in powers)
            if part == "P" or len(powers) > 1:
                print(f"  {part}, x^{powers[0]} first: {{{numbers}}}")


if __name__ == "__main__":
    main(sys.argv[1:])
