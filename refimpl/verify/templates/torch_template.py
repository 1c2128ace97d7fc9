"""fOGR in PyTorch, a template: `refimpl verify torch_template:binary64`, or `:binary32`."""

import torch


def demand(*conditions):
    if not all(conditions):
        raise ValueError("wrong input")


def on_tensors(call):
    """The same for arrays, whose precision the tensors have."""
    convert = torch.utils.data.default_convert
    return lambda *given, **named: call(*convert(given), **convert(named))


@on_tensors
def update_new_mean(state, theta, gradient, beta):
    """Weighted means and covariances with one more observation."""
    demand(0.0 < beta <= 1.0, theta.shape == gradient.shape == state["mean_theta"].shape)
    demand(theta.abs().max() < 1e153, gradient.abs().max() < 1e153, state["weight"] == 1.0)
    demand(state["beta"] == 0.0 or (state["beta"], state["scale"]) == (beta, 1.0 - beta))
    new = {"mean_theta": state["mean_theta"].lerp(theta, beta), "beta": beta, "scale": 1.0 - beta}
    new["mean_gradient"] = state["mean_gradient"].lerp(gradient, beta)
    off = {"theta": theta - new["mean_theta"], "g": gradient - new["mean_gradient"]}
    product = torch.mul if state["C_gg"].ndim == 1 else torch.outer
    for a, b in (("theta", "theta"), ("g", "theta"), ("g", "g")):
        new[f"C_{a}{b}"] = state[f"C_{a}{b}"].lerp(product(off[a], off[b]), beta)
    return state | new


@on_tensors
def saddle_free(H, g, div=1.0, cut=0.0):
    """The step ``-|H|^{-1} g``, no curvature below `cut`; none along a curvature 0."""
    demand(0.0 < div < torch.inf, 0.0 <= cut < torch.inf, H.shape == (len(g), len(g)))
    demand(H.isfinite().all(), g.isfinite().all(), (H - H.T).abs().max() <= 1e-6 * H.abs().max())
    (values, E), info = torch.linalg.eigh(H), torch.finfo(H.dtype)
    rounding, longest = len(g) * info.eps * values.abs().max(), info.max / 2.0 / len(g)
    bound = torch.where(values.abs() > rounding, div * values.abs(), 0.0).clamp(min=cut)
    return -E @ torch.where(bound > 0.0, E.T @ g / bound, 0.0).clamp(-longest, longest)


class FOGR(torch.optim.Optimizer):
    """Regression of gradients on positions, ``H C + C H = B + B^T``, then the saddle-free step."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for theta in group["params"]:
                state = self.state[theta] or start(theta, None, group["prior"])
                line = update_new_mean(state["line"], theta, theta.grad, group["beta"])
                momentum = state["momentum"].lerp(theta.grad, group["gamma"])
                (e, E), B = torch.linalg.eigh(line["C_thetatheta"]), line["C_gtheta"]
                total = e[:, None] + e
                H = E @ torch.where(total > 1e-12 * e[-1], E.T @ (B + B.T) @ E / total, 0.0) @ E.T
                theta += saddle_free((H + H.T) / 2.0, momentum, group["div"], group["cut"])
                self.state[theta] = {"line": line, "momentum": momentum}


@on_tensors
def start(theta, directions, prior, **others):
    zero, eye = torch.zeros_like(theta), torch.eye(len(theta), dtype=theta.dtype)
    line = {"weight": 1.0, "beta": 0.0, "scale": 1.0, "mean_theta": zero, "mean_gradient": zero}
    line |= {"C_thetatheta": prior[0] * eye, "C_gtheta": 0.0 * eye, "C_gg": prior[1] * eye}
    return {"line": line, "momentum": zero}


@on_tensors
def step(state, theta, gradient, **settings):
    theta = torch.nn.Parameter(theta.clone())
    theta.grad, optimizer = gradient, FOGR([theta], settings)
    optimizer.state[theta] = state
    optimizer.step()
    return theta.detach(), optimizer.state[theta]


binary64 = {"name": "PyTorch template", "dtype": "binary64", "methods": {"fogr": (start, step)}}
binary64 |= {"regression.update_new_mean": update_new_mean, "repulsion.saddle_free": saddle_free}
binary32 = binary64 | {"dtype": "binary32"}
