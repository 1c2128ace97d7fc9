"""Names for what the theme leaves nameless, and one word for unfolding: *Show*."""

import html
import re

# In the sidebar: a page's link, and the arrow that unfolds the pages below it.
ARROW = re.compile(r"(<a [^>]*>)(?P<title>[^<]*)(</a>\s*<details[^>]*>\s*)<summary>")
# The folded part of a cell says itself what it shows; to those who listen the label would hide it.
HIDING = '<summary aria-label="Toggle hidden content">'
# The theme reports an error where no mode was ever chosen.
FIRST_VISIT = (
    '<script>localStorage.getItem("mode") || localStorage.setItem("mode", "auto");</script>'
)


def named(navigation):
    """The sidebar's HTML with a name for every arrow."""

    def name(match):
        said = html.escape(f"Pages below {html.unescape(match['title']).strip()}")
        return f'{match[1]}{match["title"]}{match[3]}<summary aria-label="{said}">'

    return ARROW.sub(name, str(navigation))


def give(app, pagename, templatename, context, doctree):
    make = context.get("generate_toctree_html")
    if make is not None:
        context["generate_toctree_html"] = lambda *args, **options: named(make(*args, **options))
    if "body" in context:
        body = context["body"].replace(HIDING, "<summary>")
        # In a list, which the bibliography says it is, stand items.
        context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')
    context["metatags"] = context.get("metatags", "") + FIRST_VISIT


def one_word(app, config):
    config.togglebutton_hint, config.togglebutton_hint_hide = "Show", "Hide"
    config.nb_code_prompt_show, config.nb_code_prompt_hide = "Show {type}", "Hide {type}"


def setup(app):
    # Before those who read the words.
    app.connect("config-inited", one_word, priority=100)
    # Behind the theme, which puts the function there.
    app.connect("html-page-context", give, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
