"""The slides of the lectures beside the pages of the book; role `slides`, a link to one of them.

``{slides}`the words of the link <lecture_1>` ``.
"""

from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole

logger = logging.getLogger(__name__)


class Slides(ReferenceRole):
    """A lecture that is not there is an error where it is named."""

    def run(self):
        from figures import slides

        if self.target not in slides.names():
            known = ", ".join(slides.names())
            message = self.inliner.reporter.error(
                f"slides: no lecture {self.target}; known: {known}", line=self.lineno
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        link = nodes.reference(
            self.rawtext, self.title, refuri=slides.file_name(self.target), internal=True
        )
        return [link], []


def write(app, exception):
    """Made anew where anything that they show is newer."""
    if exception is not None or app.builder.format != "html":
        return
    from figures import slides

    for name in slides.names():
        path = Path(app.outdir, slides.file_name(name))
        newest = max(source.stat().st_mtime for source in slides.sources(name))
        if not path.exists() or path.stat().st_mtime < newest:
            logger.info("slides: %s", path.name)
            path.write_text(slides.deck(name), encoding="utf-8")


def setup(app):
    app.add_role("slides", Slides())
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
