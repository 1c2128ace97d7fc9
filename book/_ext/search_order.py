"""The search lists chapters first, then lists and appendices, then single names of the API."""

from pathlib import Path


def order(app, config):
    config.html_search_scorer = str(Path(__file__).with_suffix(".js"))


def setup(app):
    app.connect("config-inited", order)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
