"""Role `play`: a link to a preset of the playground, ``{play}`the words of the link <chaos>` ``."""

from docutils import nodes
from sphinx.util.docutils import ReferenceRole


class Play(ReferenceRole):
    """The address comes from the preset itself, so that no page can have an old one."""

    def run(self):
        from figures.playground import playground

        if self.target not in playground.PRESETS:
            known = ", ".join(playground.PRESETS)
            message = self.inliner.reporter.error(
                f"play: no preset {self.target}; known: {known}", line=self.lineno
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        link = nodes.reference(
            self.rawtext, self.title, refuri=playground.chapter_link(self.target), internal=True
        )
        return [link], []


def setup(app):
    app.add_role("play", Play())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
