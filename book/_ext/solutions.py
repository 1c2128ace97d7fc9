"""Solutions in the text of a page: where they stand, and the page without some of them.

The text alone is read, so that the same serves a page's source and the cells of its notebook.
"""

import re

HOMEWORK = "homework"
# What stands where a solution is left out of the students' book.
NOTE = "*Homework: the teacher's edition has a solution.*"

FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})\s*(?:\{(?P<name>[\w-]+)\}\s*(?P<argument>\S*))?")


def homework(text):
    """Labels of the exercises of a page whose own class, or whose solution's, is ``homework``."""
    found, lines = set(), text.splitlines()
    for number, line in enumerate(lines):
        match = FENCE.match(line)
        if not match or match["name"] not in ("exercise", "exercise-start", *SOLUTIONS):
            continue
        options = _options(lines[number + 1 :])
        if HOMEWORK in options.get("class", "").split():
            found.add(match["argument"] if match["name"] in SOLUTIONS else options.get("label", ""))
    return found - {""}


SOLUTIONS = ("solution", "solution-start")


def _options(lines):
    """The options at the head of a directive."""
    found = {}
    for line in lines:
        match = re.match(r":([\w-]+):\s*(.*)", line)
        if not match:
            break
        found[match[1]] = match[2].strip()
    return found


class Cutter:
    """Leaves solutions out of texts that follow each other, such as the cells of a notebook.

    Parameters
    ----------
    leaves_out : callable
        Whether the solution of the exercise with this label is left out.
    note : str
        What stands in its place.
    """

    def __init__(self, leaves_out, note=""):
        self.leaves_out, self.note = leaves_out, note
        # What ends the part that is being left out: a fence's end, or a directive's name.
        self.until = None

    @property
    def cutting(self):
        """Whether the next text begins inside of a solution that is left out."""
        return self.until is not None

    def cut(self, text):
        """The text without what is left out."""
        kept = []
        for line in text.splitlines(keepends=True):
            match = FENCE.match(line)
            if self.until is None:
                if match and match["name"] in SOLUTIONS and self.leaves_out(match["argument"]):
                    gated = match["name"] == "solution-start"
                    self.until = "solution-end" if gated else match["fence"]
                    kept += [f"{self.note}\n"] if self.note else []
                else:
                    kept.append(line)
            elif match and match["name"] == self.until:
                self.until = match["fence"]  # the directive's own end is still to come
            elif match and not match["name"] and _closes(line, self.until):
                self.until = None
        return "".join(kept)


def _closes(line, fence):
    """Whether a line ends what a fence began: of the same kind, and no shorter."""
    line = line.strip()
    return set(line) == {fence[0]} and len(line) >= len(fence)


def cut_notebook(notebook, leaves_out, note=""):
    """Leave solutions out of a notebook, in place: their text and their cells with all outputs."""
    cutter, kept = Cutter(leaves_out, note), []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if not cutter.cutting:
                kept.append(cell)
            continue
        text = cutter.cut(cell.source).strip("\n")
        if text.strip():
            cell.source = text
            kept.append(cell)
    notebook.cells = kept
    return notebook
