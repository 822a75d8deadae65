"""Rates of whole Hamilton-Jacobi stages by hj-reachability on the device that JAX finds, a GPU where there is one, in f32.

    python hj_rates.py 1024x1024 4096x4096 256x256x256

The equation, the initial values and the settings are those of hj_stage.py and of `hjb-stages` of `mfgpu bench`. Many
Runge-Kutta steps are compiled as one program, which is what is fastest on GPUs, and timed after a first run; the median of
five. Prints one JSON object a line: device, shape, nanoseconds per point and stage.
"""

import json
import statistics
import sys
import time

from hj_stage import Quadratic  # noqa: I001

import hj_reachability as hj
import jax
import jax.numpy as jnp
import numpy as np

STEPS = 16


def rate(shape):
    dimension = len(shape)
    box = hj.sets.Box(jnp.zeros(dimension), jnp.ones(dimension))
    grid = hj.Grid.from_lattice_parameters_and_boundary_conditions(box, shape, periodic_dims=tuple(range(dimension)))
    dynamics = Quadratic(dimension)
    settings = hj.SolverSettings.with_accuracy("very_high")
    axes = [np.cos(2 * np.pi * (np.arange(n) + 0.5) / n) / 10 for n in shape]
    values = jnp.asarray(sum(np.meshgrid(*axes, indexing="ij")), dtype=jnp.float32)

    @jax.jit
    def march(values):
        def body(_, state):
            return settings.time_integrator(settings, dynamics, grid, *state, jnp.float32(1e3))

        return jax.lax.fori_loop(0, STEPS, body, (jnp.float32(0), values))[1]

    jax.block_until_ready(march(values))
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        jax.block_until_ready(march(values))
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds) * 1e9 / (values.size * 3 * STEPS)


for text in sys.argv[1:]:
    shape = tuple(int(n) for n in text.split("x"))
    device = jax.devices()[0]
    row = {"device": f"{device.platform} {device.device_kind}", "shape": shape, "nsPerPointStage": rate(shape)}
    print(json.dumps(row), flush=True)
