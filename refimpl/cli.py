"""The command line: look up, run, sweep, draw, verify.

Exit status: 0 it held, 1 it fell short (a run diverged, a gradient was bad, an implementation
failed), 2 wrong usage, 3 the output could not be written: told on standard error, unless its reader
has simply gone, as ``head`` does; 130 interrupted by Ctrl-C.
"""

import argparse
import json
import sys

import numpy as np

from ._outside import say, with_output
from ._pictures import draw, plot, prepare, write_playground, write_slides
from .errors import RunError

HELD, FELL_SHORT, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments=None):
    """Run one command and return its exit status.

    Examples
    --------
    >>> main(["methods", "--json"])  # doctest: +ELLIPSIS
    {...
    0
    """
    return with_output(lambda: _main(arguments), "refimpl")


def _main(arguments):
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(map(_shielded, arguments))
    try:
        return options.command(options)
    except RunError as error:
        say(f"refimpl: {error}")
        return FELL_SHORT
    except (ValueError, TypeError, OSError) as error:
        say(f"refimpl: {error}")
        return WRONG_USAGE
    except KeyboardInterrupt:
        say("refimpl: interrupted")
        return INTERRUPTED


def _shielded(argument):
    """A negative number behind a space: argparse takes ``-1e-3`` for an option."""
    try:
        for part in argument.split(","):
            float(part)
    except ValueError:
        return argument
    return f" {argument}" if argument.startswith("-") else argument


def parser():
    """The parser of all commands."""
    from . import __version__

    top = argparse.ArgumentParser(
        prog="refimpl",
        description="Curvature from noisy gradients: reference implementation.",
        epilog="Exit status: 0 held, 1 fell short (a run diverged, a verification failed), 2 wrong "
        "usage, 3 the output could not be written, 130 interrupted.",
    )
    top.add_argument("--version", action="version", version=f"refimpl {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name, function, summary, **options):
        sub = commands.add_parser(name, help=summary, description=summary, **options)
        sub.set_defaults(command=function)
        return sub

    with_json = {"action": "store_true", "help": "print JSON on standard output"}
    for name, function, summary in (
        ("methods", list_methods, "List the methods, their hyperparameters and sources."),
        ("functions", list_functions, "List the test functions with minima, saddles and domain."),
    ):
        sub = command(name, function, summary)
        sub.add_argument("name", nargs="?", help="only this one")
        sub.add_argument("--json", **with_json)

    sub = command(
        "run",
        run,
        "Run one method from one start and print its path.",
        epilog="Example: refimpl run beale --start 1 1 --noise 0.1",
    )
    _add_problem(sub)
    sub.add_argument("--start", nargs="+", type=float, metavar="X", required=True, help="the start")
    sub.add_argument("--seed", type=int, default=0, help="of the noise (default: %(default)s)")
    sub.add_argument("--plot", metavar="FILE", help="draw it too: .svg, .png or .pdf")
    sub.add_argument("--json", **with_json)

    sub = command(
        "lattice",
        lattice,
        "Run one method from many starts under many seeds and summarize the final values.",
        epilog="Example: refimpl lattice beale3 --method fogr --radius 3 --steps 50 --noise 0.1",
    )
    _add_problem(sub)
    sub.add_argument(
        "--radius", type=int, default=2, help="starts {-r..r}^D (default: %(default)s)"
    )
    sub.add_argument("--seeds", type=int, default=10, help="how many (default: %(default)s)")
    sub.add_argument("--restart-noise", action="store_true", help="the same noise at each start")
    sub.add_argument("--carry-state", action="store_true", help="keep the state between starts")
    sub.add_argument("--threads", type=int, default=1, help="(default: %(default)s)")
    sub.add_argument("--json", **with_json)

    sub = command("figures", draw, "Draw the figures of the book into a folder.")
    sub.add_argument("names", nargs="*", metavar="NAME", help="which (default: all)")
    sub.add_argument("--folder", default="drawn", help="where (default: %(default)s)")
    sub.add_argument("--format", choices=("svg", "png", "pdf"), default="svg")
    sub.add_argument("--list", action="store_true", help="only list their names")

    sub = command(
        "playground",
        write_playground,
        "Write the playground, where methods run in the browser, as one page.",
    )
    sub.add_argument("file", nargs="?", default="playground.html", help="(default: %(default)s)")
    sub.add_argument("--open", action="store_true", help="open it in the browser")

    sub = command("slides", write_slides, "Write the slides of the course, one page a lecture.")
    sub.add_argument("--folder", default="slides", help="where (default: %(default)s)")

    from .verify import commands as verification

    verification.add(command, _oracle)

    from .verify.projects import commands as projects

    projects.add(command)
    return top


def _oracle():
    """The oracle, which needs a package that the rest does without."""
    from .errors import VectorError

    try:
        from . import oracle
    except ModuleNotFoundError as error:
        raise VectorError(
            f"regeneration needs the package {error.name}: pip install 'refimpl[test]'"
        ) from None
    return oracle


def _add_problem(sub):
    """Function, method, steps, noise and every hyperparameter that some method has."""
    from . import optimizers

    sub.add_argument("function", help="a name of `refimpl functions`, e.g. beale, 'rosenbrock(10)'")
    sub.add_argument("--method", default="ogr", help="a name of `refimpl methods` (%(default)s)")
    sub.add_argument("--steps", type=int, default=30, help="(default: %(default)s)")
    sub.add_argument("--noise", type=float, default=0.0, help="Gaussian deviation (%(default)s)")
    group = sub.add_argument_group("hyperparameters", "defaults: see `refimpl methods`")
    names = {name for method in optimizers.METHODS.values() for name in method.defaults}
    for name in sorted(names):
        group.add_argument(f"--{name.replace('_', '-')}", dest=f"_{name}", metavar="X")


def _hyperparameters(options):
    given = vars(options)
    return {
        name[1:]: _setting(value)
        for name, value in given.items()
        if name[0] == "_" and value is not None
    }


def _number(text):
    """An integer where the text is one, since some hyperparameters are; what is no number stays."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _setting(text):
    """A hyperparameter: a number, a pair ``a,b``, true or false, groups ``0,1/2``, or a word."""
    if "/" in text:
        return tuple(tuple(map(_number, group.split(","))) for group in text.split("/"))
    if "," in text:
        return tuple(_number(part) for part in text.split(","))
    return {"true": True, "false": False}.get(text, _number(text))


def _shown(value):
    """A default as `_setting` reads it."""
    if isinstance(value, tuple):
        return ",".join(f"{number:g}" for number in value)
    return str(value).lower() if isinstance(value, bool | str) else f"{value:g}"


def _table(rows):
    """Rows of cells as aligned columns."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[-1]]).rstrip())


def _numbers(array):
    """Numbers for JSON, which knows neither NaN nor infinity: those as strings."""
    array = np.asarray(array, dtype=float)
    if array.ndim:
        return [_numbers(entry) for entry in array]
    return float(array) if np.isfinite(array) else str(float(array))


def _strict(value):
    """A default for JSON: only an infinite one needs another form."""
    return value if isinstance(value, str) or np.isfinite(value).all() else str(value)


def _point(x):
    return f"({', '.join(f'{c:.10g}' for c in x)})"


def list_methods(options):
    """All methods, or one."""
    from . import optimizers

    found = optimizers.methods()
    if options.name:
        optimizers.get(options.name)
        found = {options.name: found[options.name]}
    if options.json:
        strict = {
            name: m | {"defaults": {k: _strict(v) for k, v in m["defaults"].items()}}
            for name, m in found.items()
        }
        print(json.dumps(strict, indent=2))
        return HELD
    _table(
        [
            (
                name,
                m["summary"] + (f"; needs {m['needs']}" if m["needs"] else ""),
                m["source"],
                " ".join(f"{k}={_shown(v)}" for k, v in m["defaults"].items()),
            )
            for name, m in found.items()
        ]
    )
    return HELD


def list_functions(options):
    """All functions, or one."""
    from . import functions

    found = {options.name: functions.get(options.name)} if options.name else functions.all()
    if options.json:
        described = {
            name: {
                "dimension": f.dimension,
                "minimum_value": _numbers(f.minimum_value),
                "minima": _numbers(f.minima),
                "saddles": _numbers(f.saddles),
                "domain": list(f.domain),
                "source": f.source,
                "note": f.note,
            }
            for name, f in found.items()
        }
        print(json.dumps(described, indent=2))
        return HELD
    for name, f in found.items():
        print(f"{name}, dimension {f.dimension}; {f.source}")
        if len(f.minima):
            print(f"  minimum {f.minimum_value:g} at {' '.join(map(_point, f.minima))}")
        else:
            print("  minimum none: unbounded below")
        if len(f.saddles):
            print(f"  saddles {' '.join(map(_point, f.saddles))}")
        print(f"  domain  [{f.domain[0]:g}, {f.domain[1]:g}] in each coordinate")
        if f.note:
            print(f"  note    {f.note}")
    if not options.name:
        print("In any size: 'rosenbrock(10)', 'styblinski_tang(10)'. With data of their own, from")
        print("Python: bounded_saddle(spectrum, c, rotation), quadratic(spectrum, rotation),")
        print("least_squares(features, targets), logistic_regression(features, labels), and one's")
        print("own by functions.Function.")
        print("Noise, from Python: noise.gaussian, student, multiplicative, minibatch, or data.")
    return HELD


def run(options):
    """One run, its path as a table, and if asked for as a picture."""
    from . import functions
    from .runs.minimize import minimize

    if options.plot:
        # What cannot be drawn is said before anything is computed.
        prepare(options.plot)
    result = minimize(
        options.function,
        options.start,
        method=options.method,
        steps=options.steps,
        noise=options.noise,
        seed=options.seed,
        **_hyperparameters(options),
    )
    if options.plot:
        plot(options.function, options.method, result, options.plot)
        say(f"refimpl: drawn into {options.plot}")
    if options.json:
        fields = ("x", "fun", "path", "values")
        print(
            json.dumps(
                {field: _numbers(result[field]) for field in fields}
                | {field: result[field] for field in ("nit", "success", "message", "diverged")}
            )
        )
    else:
        _table(
            [
                ("step", "value", "position"),
                *(
                    (str(t), f"{value:.6g}", _point(x))
                    for t, (x, value) in enumerate(zip(result.path, result.values, strict=True))
                ),
            ]
        )
        print(result.message)
        if not result.diverged:
            print(_nearest_minimum(functions.get(options.function), result.x), end="")
    return FELL_SHORT if result.diverged else HELD


def _nearest_minimum(function, x):
    """A line that says how far a position is from the nearest known minimum, if one is known."""
    minima = function.minima
    if not len(minima):
        return ""
    distances = np.linalg.norm(minima - x, axis=1)
    nearest = int(distances.argmin())
    return (
        f"The nearest known minimum, {function.minimum_value:g} at {_point(minima[nearest])}, "
        f"is {distances[nearest]:.3g} away.\n"
    )


def lattice(options):
    """Final values over starts and seeds, as quantiles."""
    from . import functions
    from .runs.lattice import lattice as sweep

    final = sweep(
        functions.get(options.function),
        options.method,
        radius=options.radius,
        steps=options.steps,
        noise=options.noise,
        seeds=range(options.seeds),
        restart_noise=options.restart_noise,
        carry_state=options.carry_state,
        threads=options.threads,
        **_hyperparameters(options),
    )
    finite = np.isfinite(final)
    # Diverged runs are infinite and take their place at the upper end of the order.
    deciles = np.quantile(final, np.linspace(0.0, 1.0, 11), method="lower")
    positive = final[finite & (final > 0.0)]
    summary = {
        "runs": final.size,
        "diverged": int(final.size - finite.sum()),
        "geometric_mean": float(np.exp(np.log(positive).mean())) if positive.size else None,
        "deciles": _numbers(deciles),
    }
    if options.json:
        print(json.dumps(summary | {"final": _numbers(final)}))
    else:
        seeds, starts = final.shape
        print(f"{final.size} runs: {starts} starts under {seeds} seeds")
        print(f"diverged: {summary['diverged']}")
        if positive.size:
            print(f"geometric mean of {positive.size} finite positive final values: "
                  f"{summary['geometric_mean']:.6g}")  # fmt: skip
        _table(
            [
                ("share", "final value"),
                *((f"{10 * k} %", f"{value:.6g}") for k, value in enumerate(deciles)),
            ]
        )
    return FELL_SHORT if summary["diverged"] else HELD
