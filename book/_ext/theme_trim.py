"""Leaves out what the theme and jupyter-book put on every page and this book does not use."""


def no_second_search_button(app, config):
    # Without this the theme spends a bar across the page on a copy of the sidebar's search button.
    config.html_theme_options.setdefault("navbar_persistent", [])


def no_thebe(app, config):
    # Live code needs a remote script and a remote kernel. jupyter-book always loads the extension,
    # which puts the script's address and a hidden configuration into every page.
    for event in ("env-before-read-docs", "doctree-resolved"):
        listeners = app.events.listeners.get(event, [])
        listeners[:] = [
            listener for listener in listeners if listener.handler.__module__ != "sphinx_thebe"
        ]


def setup(app):
    app.connect("config-inited", no_second_search_button, priority=100)
    app.connect("config-inited", no_thebe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
