"""An empty place in every page's footer for links to the editions to take along.

``python -m book`` makes those from the built book, and fills the place.
"""


def setup(app):
    def place(app, config):
        footer = config.html_theme_options.get("extra_footer", "")
        config.html_theme_options["extra_footer"] = f'{footer}\n<div class="editions"></div>'

    app.connect("config-inited", place)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
