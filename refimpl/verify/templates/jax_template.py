"""cdOGR in JAX, a template: `refimpl verify jax_template:binary64`, or `:binary32`."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

numbers = partial(jax.tree.map, lambda x: np.asarray(x) if np.ndim(x) else float(x))


def demand(*conditions):
    """Outside of `jax.jit`, which cannot raise for what its arguments hold."""
    if not all(conditions):
        raise ValueError("wrong input")


@jax.jit
def next_line(line, theta, gradient, beta):
    """Weighted means and covariances with one more observation."""
    new = line | {"beta": beta, "scale": 1.0 - beta}
    new["mean_theta"] = line["mean_theta"] + beta * (theta - line["mean_theta"])
    new["mean_gradient"] = line["mean_gradient"] + beta * (gradient - line["mean_gradient"])
    off = {"theta": theta - new["mean_theta"], "g": gradient - new["mean_gradient"]}
    product = jnp.multiply if line["C_gg"].ndim == 1 else jnp.outer
    for a, b in (("theta", "theta"), ("g", "theta"), ("g", "g")):
        new[f"C_{a}{b}"] = (1.0 - beta) * line[f"C_{a}{b}"] + beta * product(off[a], off[b])
    return new


def update_new_mean(state, theta, gradient, beta):
    demand(0.0 < beta <= 1.0, theta.shape == gradient.shape == state["mean_theta"].shape)
    demand(np.abs([theta, gradient]).max() <= 1e153, state["weight"] == 1.0)
    demand(state["beta"] == 0.0 or (state["beta"], state["scale"]) == (beta, 1.0 - beta))
    return numbers(next_line(state, theta, gradient, beta))


@jax.jit
def bounded(H, g, div, cut):
    """The step ``-g_i / max(div sum_j |H_ij|, cut)``; none where that is 0."""
    bound = jnp.maximum(div * jnp.abs(H).sum(axis=1), cut)
    longest = jnp.finfo(g.dtype).max / 2.0
    return jnp.clip(jnp.where(bound > 0.0, -g / bound, 0.0), -longest, longest)


def row_sum_bound(H, g, div=1.0, cut=0.0):
    demand(0.0 < div < np.inf, 0.0 <= cut < np.inf, np.isfinite([*np.abs(H).sum(1), *g]).all())
    demand(H.shape == (g.size, g.size), np.abs(H - H.T).max() <= 1e-6 * np.abs(H).max())
    return bounded(H, g, div, cut)


def init(theta, directions, prior, **others):
    zero = jnp.zeros_like(theta)
    line = {"weight": 1.0, "beta": 0.0, "scale": 1.0, "mean_theta": zero, "mean_gradient": zero}
    line |= {"C_thetatheta": zero + prior[0], "C_gtheta": zero, "C_gg": zero + prior[1]}
    return {"line": line, "momentum": zero}


@jax.jit
def update(gradient, state, theta, *, beta, gamma, eta, div, cut, max_alpha, prior):
    line = next_line(state["line"], theta, gradient, beta)
    momentum = state["momentum"] + gamma * (gradient - state["momentum"])
    H = jnp.diag(jnp.sqrt(line["C_gg"] / line["C_thetatheta"]))
    change = eta * jnp.maximum(bounded(H, momentum, div, cut), -max_alpha)
    return change, {"line": line, "momentum": momentum}


def step(state, theta, gradient, **settings):
    change, state = update(gradient, state, theta, **settings)
    return numbers((theta + change, state))


def implementation(dtype):
    jax.config.update("jax_enable_x64", dtype == "binary64")
    ops = {"regression.update_new_mean": update_new_mean, "repulsion.row_sum_bound": row_sum_bound}
    return ops | {"name": "JAX template", "dtype": dtype, "methods": {"cdogr": (init, step)}}


binary64, binary32 = partial(implementation, "binary64"), partial(implementation, "binary32")
