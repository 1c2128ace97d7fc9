"""Homework: exercises whose solutions only the teacher's book shows.

An exercise, or its solution, of class ``homework``::

    ```{exercise-start}
    :label: ex-name
    :class: homework
    ```

Every build executes the solution, so that it is tested like all others; one with ``-D teacher=1``
shows it. `solutions` does the same in the sources and notebooks that the book hands out.
"""

from pathlib import Path

import solutions
from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node


class LeaveOutSolutions(SphinxTransform):
    """Put a note in the place of each solution of homework."""

    # Behind 10, where solutions with cells become one node; before pictures are collected.
    default_priority = 15

    def apply(self):
        if self.app.config.teacher:
            return
        set_as_homework = {
            exercise["label"]
            for kind in (exercise_node, exercise_enumerable_node)
            for exercise in self.document.findall(kind)
            if solutions.HOMEWORK in exercise["classes"]
        }
        for solution in list(self.document.findall(solution_node)):
            if (
                solution["target_label"] in set_as_homework
                or solutions.HOMEWORK in solution["classes"]
            ):
                self.env.sphinx_exercise_registry.pop(solution["label"], None)
                words = solutions.NOTE.strip("*")
                note = nodes.paragraph(classes=[solutions.HOMEWORK])
                note += nodes.emphasis(words, words)
                solution.replace_self(note)


def leave_out_of_sources(app, exception):
    """The copies of the pages' sources, which the theme offers for download."""
    if exception or app.builder.format != "html" or app.config.teacher:
        return
    for docname in app.env.found_docs:
        source = Path(app.env.doc2path(docname))
        copy = Path(app.outdir, "_sources", source.relative_to(app.srcdir))
        text = source.read_text(encoding="utf-8")
        labels = solutions.homework(text)
        if labels and copy.exists():
            cutter = solutions.Cutter(labels.__contains__, solutions.NOTE)
            copy.write_text(cutter.cut(text), encoding="utf-8")


def setup(app):
    app.add_config_value("teacher", False, "env")
    app.add_transform(LeaveOutSolutions)
    app.connect("build-finished", leave_out_of_sources)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
