"""What the readme says is what comes out: its examples, its picture, its numbers."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.numerics, pytest.mark.within, pytest.mark.once]

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def printed(code):
    """What an example prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    return out.getvalue()


def test_ten_lines_find_the_hessian():
    found = np.array(re.findall(r"-?\d+\.\d*", printed(EXAMPLES[0])), float).reshape(2, 2)
    # The last weights count 19 pairs, (2 - beta)/beta: noise of 0.1 over a spread of 1 leaves
    # standard errors of 0.1/sqrt(19); four of them.
    np.testing.assert_allclose(found, [[3.0, 1.0], [1.0, -2.0]], atol=0.4 / np.sqrt(19))


def test_the_first_run_ends_where_the_text_says():
    x, y, value = map(float, re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", printed(EXAMPLES[1])))
    assert np.hypot(x - 1, y - 1) < 0.003
    # Ten digits of the position are printed; the value is Rosenbrock's there.
    assert value == pytest.approx((x - 1) ** 2 + 100 * (y - x * x) ** 2, rel=0.1)


def test_the_picture_has_the_words_of_its_figure():
    pytest.importorskip("matplotlib")
    import figures

    alt, path = re.search(r"!\[([^\]]*)\]\((\S+)\)", TEXT).groups()
    module = figures.get(Path(path).stem)
    assert alt == module.alt(module.compute())
    assert (ROOT / path).read_text(encoding="utf-8").startswith("<?xml")


def test_the_tournament_is_counted():
    pytest.importorskip("matplotlib")
    from figures.tournament import rivals, tally

    shown = tally.table(rivals.read("tournament"))
    chosen_on = shown.part(~tally.held_out(shown.rows))
    held_out = shown.part(tally.held_out(shown.rows))
    said = [
        int(number)
        for number in re.search(
            r"tuned Adam's on (\d+) of (\d+) rows.*?on (\d+) of (\d+) held-out ones; "
            r"below \*every\* rival's on (\d+) of\s+(\d+) and on (\d+) of (\d+)",
            TEXT.replace("\n", " "),
        ).groups()
    ]
    counted = []
    for part in (chosen_on, held_out):
        adam, ours = part.column("Adam"), part.column("ogr")
        counted += [int((ours < adam).sum()), len(part.rows)]
    for part in (chosen_on, held_out):
        others = [part.column(rival) for rival in part.rivals if rival != "ogr"]
        counted += [int((part.column("ogr") < np.nanmin(others, axis=0)).sum()), len(part.rows)]
    assert said == counted


def test_the_foreign_problems_are_counted():
    """Numbers and the name of the best rival, as the kept results have them."""
    pytest.importorskip("matplotlib")
    from figures.foreign import tally
    from figures.foreign.rivals import UNTUNED

    data = tally.compute()
    said = re.search(
        r"On (\d+) rows of (\d+) problems .*? mean decimal logarithm .*? "
        r"is (-[\d.]+) for the default, "
        r"(-[\d.]+) for the best untuned rival \((\w+)\) and (-[\d.]+) for Adam .*?; "
        r"it diverged on (\d+)",
        TEXT.replace("\n", " "),
    ).groups()
    means = dict(zip(data.rivals, tally.mean(data).round(2), strict=True))
    best = min(UNTUNED, key=means.get)
    lost = data.diverged[:, data.rivals.index("ogr")].sum()
    problems = {row.problem for row in data.rows}
    assert (int(said[0]), int(said[1]), int(said[6])) == (len(data.rows), len(problems), lost)
    assert said[4] == best
    assert [float(said[k]) for k in (2, 3, 5)] == [
        means["ogr"],
        means[best],
        means["Adam, best of 7"],
    ]
