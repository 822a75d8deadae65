"""Whole Hamilton-Jacobi stages by hj-reachability on JAX: u_s + |grad u|^2/2 = 0 on a periodic box of length 1 per axis.

    python hj_stage.py f32|f64

Accuracy "very_high" (WENO5 in space, third-order TVD Runge-Kutta), global Lax-Friedrichs: its own defaults.

Protocol on stdin/stdout: a request is five int64 (n0, n1, n2 with leading 1 for fewer axes, 0, repeats) and one double (end time).
repeats = 0: the initial values follow (n0 n1 n2 doubles) and are kept, and the values at the end time come back as doubles.
repeats > 0: so many Runge-Kutta steps (three stages each) are taken from what is kept, and one double comes back, the seconds that
took. At the start one line is written: the device that JAX runs on.
"""

import struct
import sys
import time

import jax

jax.config.update("jax_enable_x64", sys.argv[1:2] == ["f64"])

import hj_reachability as hj  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402


class Quadratic(hj.Dynamics):
    """H = |p|^2/2."""

    def __init__(self, dimension):
        box = hj.sets.Box(jnp.zeros(dimension), jnp.ones(dimension))
        super().__init__("min", "max", box, box)

    def __call__(self, state, control, disturbance, time):
        return control

    def optimal_control_and_disturbance(self, state, time, grad_value):
        return grad_value, grad_value

    def hamiltonian(self, state, time, value, grad_value):
        return grad_value @ grad_value / 2

    def partial_max_magnitudes(self, state, time, value, grad_value_box):
        return jnp.maximum(jnp.abs(grad_value_box.lo), jnp.abs(grad_value_box.hi))


def main():
    read, write = sys.stdin.buffer, sys.stdout.buffer
    device = jax.devices()[0]
    write.write(f"{device.platform} {device.device_kind}\n".encode())
    write.flush()
    settings = hj.SolverSettings.with_accuracy("very_high")
    dtype = jnp.float64 if sys.argv[1] == "f64" else jnp.float32
    kept = grid = dynamics = None
    while len(header := read.read(48)) == 48:
        n0, n1, n2, _, repeats, end = struct.unpack("<5qd", header)
        shape = tuple(n for n in (n0, n1, n2) if n > 1)
        dimension = len(shape)
        if repeats == 0:
            values = np.frombuffer(read.read(8 * n0 * n1 * n2)).reshape(shape)
            kept = jnp.asarray(values, dtype=dtype)
            # The box of nodes: hj-reachability puts the last node of a periodic axis at its upper end less one spacing.
            box = hj.sets.Box(jnp.zeros(dimension, dtype), jnp.ones(dimension, dtype))
            grid = hj.Grid.from_lattice_parameters_and_boundary_conditions(
                box, shape, periodic_dims=tuple(range(dimension))
            )
            dynamics = Quadratic(dimension)
            result = hj.step(settings, dynamics, grid, jnp.asarray(0.0, dtype), kept, jnp.asarray(end, dtype), progress_bar=False)
            write.write(np.asarray(result, dtype=np.float64).tobytes())
        else:
            far = jnp.asarray(1e3, dtype)
            # Each stage is compiled by itself; compiled as one, a step was slower on processors.
            step = settings.time_integrator
            state = (jnp.asarray(0.0, dtype), kept)
            start = time.perf_counter()
            for _ in range(repeats):
                state = step(settings, dynamics, grid, *state, far)
            jax.block_until_ready(state)
            write.write(struct.pack("<d", time.perf_counter() - start))
        write.flush()


if __name__ == "__main__":
    main()
