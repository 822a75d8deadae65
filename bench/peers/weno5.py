"""WENO5 smoothness indicators, weights and one-sided derivatives as one writes them with NumPy, and with Numba.

    python weno5.py numpy|numba

Osher & Fedkiw 2003, (3.25)-(3.41), periodic arrays in C order, epsilon absolute in the scaling of u_x^2. `numpy` is whole-array
arithmetic, `numba` a parallel loop over points with fastmath, both as a careful person writes them.

Protocol on stdin/stdout, as weno5.c: a request is six int64 (operation 0 derivatives, 1 smoothness, 2 weights; n0, n1, n2, axis,
repeats) and two doubles (spacing, epsilon). repeats = 0: the input follows and is kept, and the result comes back. repeats > 0: the
operation runs so often on what is kept, and one double comes back, the seconds that took. Input and result: derivatives n0 n1 n2
doubles and twice that; smoothness and weights n0 rows of 5 and of 3 doubles, and n0 rows of 3.
"""

import struct
import sys
import time

import numpy as np


def numpy_kernels():
    """Whole arrays at a time."""

    def indicators(v1, v2, v3, v4, v5):
        s1 = 13 / 12 * (v1 - 2 * v2 + v3) ** 2 + 0.25 * (v1 - 4 * v2 + 3 * v3) ** 2
        s2 = 13 / 12 * (v2 - 2 * v3 + v4) ** 2 + 0.25 * (v2 - v4) ** 2
        s3 = 13 / 12 * (v3 - 2 * v4 + v5) ** 2 + 0.25 * (3 * v3 - 4 * v4 + v5) ** 2
        return s1, s2, s3

    def combine(s, epsilon):
        a1, a2, a3 = 0.1 / (s[0] + epsilon) ** 2, 0.6 / (s[1] + epsilon) ** 2, 0.3 / (s[2] + epsilon) ** 2
        total = a1 + a2 + a3
        return a1 / total, a2 / total, a3 / total

    def biased(v1, v2, v3, v4, v5, epsilon):
        w1, w2, w3 = combine(indicators(v1, v2, v3, v4, v5), epsilon)
        return (
            w1 * (v1 / 3 - 7 * v2 / 6 + 11 * v3 / 6)
            + w2 * (-v2 / 6 + 5 * v3 / 6 + v4 / 3)
            + w3 * (v3 / 3 + 5 * v4 / 6 - v5 / 6)
        )

    def derivatives(u, axis, spacing, epsilon):
        padding = [(3, 3) if a == axis else (0, 0) for a in range(u.ndim)]
        slope = np.diff(np.pad(u, padding, mode="wrap"), axis=axis) / spacing
        n = u.shape[axis]
        d = [window(slope, axis, k, n) for k in range(6)]
        return biased(*d[:5], epsilon), biased(*d[:0:-1], epsilon)

    def window(array, axis, start, count):
        index = [slice(None)] * array.ndim
        index[axis] = slice(start, start + count)
        return array[tuple(index)]

    def smoothness(v):
        return np.stack(indicators(*v.T), axis=1)

    def weights(s, epsilon):
        return np.stack(combine(s.T, epsilon), axis=1)

    return derivatives, smoothness, weights


def numba_kernels():
    """Compiled loops over points, shared out over the cores."""
    import numba

    @numba.njit(fastmath=True, inline="always")
    def indicators(v1, v2, v3, v4, v5):
        a1, b1 = v1 - 2 * v2 + v3, v1 - 4 * v2 + 3 * v3
        a2, b2 = v2 - 2 * v3 + v4, v2 - v4
        a3, b3 = v3 - 2 * v4 + v5, 3 * v3 - 4 * v4 + v5
        c = 13 / 12
        return c * a1 * a1 + 0.25 * b1 * b1, c * a2 * a2 + 0.25 * b2 * b2, c * a3 * a3 + 0.25 * b3 * b3

    @numba.njit(fastmath=True, inline="always")
    def biased(v1, v2, v3, v4, v5, epsilon):
        s1, s2, s3 = indicators(v1, v2, v3, v4, v5)
        a1, a2, a3 = 0.1 / (s1 + epsilon) ** 2, 0.6 / (s2 + epsilon) ** 2, 0.3 / (s3 + epsilon) ** 2
        q1 = v1 * (1 / 3) - v2 * (7 / 6) + v3 * (11 / 6)
        q2 = -v2 * (1 / 6) + v3 * (5 / 6) + v4 * (1 / 3)
        q3 = v3 * (1 / 3) + v4 * (5 / 6) - v5 * (1 / 6)
        return (a1 * q1 + a2 * q2 + a3 * q3) / (a1 + a2 + a3)

    @numba.njit(fastmath=True, parallel=True)
    def lines(u, before, n, after, inverse, epsilon, minus, plus):
        # Whole rows along the last axis, else one plane of neighbours after the other: memory is walked in order.
        for row in numba.prange(before * n):
            b, i = row // n, row % n
            for a in range(after):
                base = b * n * after + a
                v = np.empty(6)
                last = u[base + ((i - 3) % n) * after]
                for k in range(6):
                    node = u[base + ((i - 2 + k) % n) * after]
                    v[k] = (node - last) * inverse
                    last = node
                at = base + i * after
                minus[at] = biased(v[0], v[1], v[2], v[3], v[4], epsilon)
                plus[at] = biased(v[5], v[4], v[3], v[2], v[1], epsilon)

    @numba.njit(fastmath=True, parallel=True)
    def contiguous(u, rows, n, inverse, epsilon, minus, plus):
        for row in numba.prange(rows):
            slope = np.empty(n + 5)
            base = row * n
            for k in range(n + 5):
                slope[k] = (u[base + (k - 2) % n] - u[base + (k - 3) % n]) * inverse
            for i in range(n):
                minus[base + i] = biased(slope[i], slope[i + 1], slope[i + 2], slope[i + 3], slope[i + 4], epsilon)
                plus[base + i] = biased(slope[i + 5], slope[i + 4], slope[i + 3], slope[i + 2], slope[i + 1], epsilon)

    @numba.njit(fastmath=True, parallel=True)
    def line(u, n, inverse, epsilon, minus, plus):
        # One long line: blocks of it, so that both cores have work.
        block = 4096
        for start in numba.prange((n + block - 1) // block):
            first, last = start * block, min(n, (start + 1) * block)
            slope = np.empty(last - first + 5)
            for k in range(last - first + 5):
                slope[k] = (u[(first + k - 2) % n] - u[(first + k - 3) % n]) * inverse
            for i in range(last - first):
                minus[first + i] = biased(slope[i], slope[i + 1], slope[i + 2], slope[i + 3], slope[i + 4], epsilon)
                plus[first + i] = biased(slope[i + 5], slope[i + 4], slope[i + 3], slope[i + 2], slope[i + 1], epsilon)

    def derivatives(u, axis, spacing, epsilon):
        flat = u.reshape(-1)
        minus, plus = np.empty_like(flat), np.empty_like(flat)
        n = u.shape[axis]
        before = int(np.prod(u.shape[:axis]))
        after = int(np.prod(u.shape[axis + 1 :]))
        if after > 1:
            lines(flat, before, n, after, 1 / spacing, epsilon, minus, plus)
        elif before > 1:
            contiguous(flat, before, n, 1 / spacing, epsilon, minus, plus)
        else:
            line(flat, n, 1 / spacing, epsilon, minus, plus)
        return minus, plus

    @numba.njit(fastmath=True, parallel=True)
    def smoothness_rows(v, out):
        for i in numba.prange(v.shape[0]):
            out[i, 0], out[i, 1], out[i, 2] = indicators(v[i, 0], v[i, 1], v[i, 2], v[i, 3], v[i, 4])

    @numba.njit(fastmath=True, parallel=True)
    def weight_rows(s, epsilon, out):
        for i in numba.prange(s.shape[0]):
            a1 = 0.1 / (s[i, 0] + epsilon) ** 2
            a2 = 0.6 / (s[i, 1] + epsilon) ** 2
            a3 = 0.3 / (s[i, 2] + epsilon) ** 2
            inverse = 1 / (a1 + a2 + a3)
            out[i, 0], out[i, 1], out[i, 2] = a1 * inverse, a2 * inverse, a3 * inverse

    def smoothness(v):
        out = np.empty((v.shape[0], 3))
        smoothness_rows(v, out)
        return out

    def weights(s, epsilon):
        out = np.empty((s.shape[0], 3))
        weight_rows(s, epsilon, out)
        return out

    return derivatives, smoothness, weights


def main():
    derivatives, smoothness, weights = {"numpy": numpy_kernels, "numba": numba_kernels}[sys.argv[1]]()
    read, write = sys.stdin.buffer, sys.stdout.buffer
    kept = None
    while len(header := read.read(64)) == 64:
        operation, n0, n1, n2, axis, repeats, spacing, epsilon = struct.unpack("<6q2d", header)

        def run():
            if operation == 0:
                return derivatives(kept, axis, spacing, epsilon)
            return (smoothness(kept),) if operation == 1 else (weights(kept, epsilon),)

        if repeats == 0:
            shape = [(n0, n1, n2), (n0, 5), (n0, 3)][operation]
            kept = np.frombuffer(read.read(8 * int(np.prod(shape)))).reshape(shape)
            for part in run():
                write.write(np.ascontiguousarray(part).tobytes())
        else:
            start = time.perf_counter()
            for _ in range(repeats):
                run()
            write.write(struct.pack("<d", time.perf_counter() - start))
        write.flush()


main()
