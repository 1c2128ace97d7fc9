"""Repository, issue, edit and launch buttons, once the project's public address is known.

The address is one setting, ``address`` under ``[tool.refimpl]`` in ``pyproject.toml``. While it is
empty there are no such buttons.
"""

import tomllib
from pathlib import Path


def address(root) -> str:
    """The project's public address, or an empty string."""
    file = Path(root, "pyproject.toml")
    if not file.exists():
        return ""
    tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    return tool.get("refimpl", {}).get("address", "").rstrip("/")


def configure(app, config):
    url = address(Path(app.srcdir).parent)
    if not url:
        return
    # Changed in place: the theme reads its buttons from this very dictionary.
    config.html_theme_options.update(
        repository_url=url,
        repository_branch="main",
        path_to_docs=Path(app.srcdir).name,
        use_repository_button=True,
        use_issues_button=True,
        use_edit_page_button=True,
        launch_buttons={
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        },
    )


def setup(app):
    app.connect("config-inited", configure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
