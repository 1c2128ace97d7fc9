"""Figures 4, 5 and 7 and the four functions: what is drawn and said is what the file holds."""

import re

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import figures
from figures import style
from figures.published import figure4, four_functions, published
from refimpl.errors import StateError

pytestmark = [pytest.mark.numerics, pytest.mark.once]

PANELS = ("figure4", "figure5", "figure7")


@pytest.fixture(scope="module")
def data():
    return {name: figures.get(name).compute() for name in (*PANELS, "four_functions")}


def one(middle, **changes):
    """A record with a curve of three ranks."""
    n = len(middle)
    return {
        "experiment": "Figure 4",
        "label": "fOGR",
        "method": "fogr",
        "hyperparameters": {},
        "seeds": 10,
        "starts": n,
        "diverged": 0,
        "shares": [(k + 0.5) / n for k in range(n)],
        "low": [value / 2 for value in middle],
        "middle": middle,
        "high": [value * 2 for value in middle],
    } | changes


def test_marks_are_the_published_deciles(data):
    """Where nothing is published, there is no mark."""
    figure = figure4.draw(data["figure4"])
    for ax, record in zip(figure.axes, data["figure4"].records, strict=True):
        (marks,) = (line for line in ax.lines if line.get_marker() == "D")
        np.testing.assert_allclose(
            np.log10(marks.get_ydata()), published.entry(record).deciles, atol=1e-12
        )
        np.testing.assert_allclose(marks.get_xdata(), np.arange(11) / 10)
    for name in ("figure5", "figure7"):
        drawn = figures.get(name).draw(data[name])
        assert not [line for ax in drawn.axes for line in ax.lines if line.get_marker() == "D"]


@pytest.mark.parametrize("name", PANELS)
def test_every_method_has_its_panel_before_the_others(data, name):
    figure = figures.get(name).draw(data[name])
    records = data[name].records
    for ax, record in zip(figure.axes, records, strict=False):
        assert ax.get_title(loc="left") == record["label"]
        colors = [line.get_color() for line in ax.lines]
        assert colors.count(style.GREY) >= len(records) - 1
        (own,) = (line for line in ax.lines if line.get_color() != style.GREY)
        assert own.get_color() == style.look(record["method"]).color
        np.testing.assert_array_equal(own.get_ydata(), np.clip(record["middle"], *ax.get_ylim()))
    assert all(not ax.axison for ax in figure.axes[len(records) :])


def test_all_that_is_finite_and_in_reach_is_drawn_to_scale(data):
    for name in PANELS:
        low, high = figure4.limits(data[name].records)
        for record in data[name].records:
            assert low < min(record["low"])
            finite = [value for value in record["high"] if value <= figure4.WITHIN[1]]
            assert max(finite) < high


def test_what_is_infinite_stands_at_the_end_of_the_axis():
    records = [one([1.0, 2.0, np.inf], diverged=7), one([1.0, 1e9, np.inf])]
    figure = figure4.panels(figure4.Sorted("Figure 4", records), columns=2)
    top = figure.axes[0].get_ylim()[1]
    own = [line for line in figure.axes[0].lines if line.get_color() == style.look("fogr").color]
    assert own[0].get_ydata().tolist() == [1.0, 2.0, top]
    assert [text.get_text() for text in figure.axes[0].texts] == ["23 % diverged"]
    assert not figure.axes[1].texts
    style.render(figure)


def test_two_directions_have_other_dashes_than_one(data):
    figure = figure4.draw(data["figure4"])
    dashes = {}
    for ax, record in zip(figure.axes, data["figure4"].records, strict=True):
        own = next(line for line in ax.lines if line.get_color() != style.GREY)
        dashes[record["label"]] = own.get_linestyle()
    assert dashes["sOGR, d = 1"] != dashes["sOGR, d = 2"]
    assert dashes["dsOGR, d = 1"] != dashes["dsOGR, d = 2"]


@pytest.mark.parametrize("name", PANELS)
def test_words_name_every_method_and_its_divergence(data, name):
    words = figures.get(name).alt(data[name])
    for record in data[name].records:
        said = words.split(f"{record['label']}: ")[1].split(f"{record['label']}: ")[0]
        assert f"half of the starts below {record['middle'][50]:.2g}" in said
        if record["diverged"]:
            assert f"{record['diverged']} of {record['seeds'] * record['starts']} runs" in words
    assert ("published" in words) == (name == "figure4")


def test_functions_have_their_own_axes(data):
    figure = four_functions.draw(data["four_functions"])
    assert [ax.get_title(loc="left") for ax in figure.axes] == list(published.PLANE)
    for ax, records in zip(figure.axes, data["four_functions"].records, strict=True):
        curves = [line for line in ax.lines if len(line.get_xdata()) > 2]
        assert [line.get_label() for line in curves] == [record["label"] for record in records]
    words = four_functions.alt(data["four_functions"])
    assert len(re.findall("half of the starts", words)) == 20


@pytest.mark.parametrize("name", [*PANELS, "four_functions"])
def test_without_the_file_the_command_is_told(tmp_path, name):
    with pytest.raises(StateError, match=re.escape(published.COMMAND)):
        figures.get(name).compute(tmp_path / "published.json")
