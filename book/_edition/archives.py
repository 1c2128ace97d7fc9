"""The archives of the edition: the offline book, and its notebooks with what they need.

The same files give the same bytes, whenever they are packed.
"""

import zipfile
from pathlib import Path

# The earliest time that an archive can hold, for every file: when it was made is no content.
TIME = (1980, 1, 1, 0, 0, 0)
LEFT_OUT = {"__pycache__", ".buildinfo", "objects.inv"}
READ_ME = """\
Curvature from Noisy Gradients: the notebooks of the book, executed.

Those whose names end in _without_solutions hold the exercises alone. In this folder, with
Python 3.11 or newer:

    python3 -m venv .venv
    .venv/bin/python -m pip install {packages} jupyterlab
    .venv/bin/jupyter lab

The folders refimpl and figures, which the notebooks import, are here; requirements.lock names the
versions with which the book was built.
"""


def pack(target, files, progress):
    """Write an archive of (name in it, bytes or path), and return its size in bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in progress(files):
            data = content if isinstance(content, bytes) else Path(content).read_bytes()
            entry = zipfile.ZipInfo(name, TIME)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, data)
    return Path(target).stat().st_size


def below(folder, top):
    """(name in an archive, path) of the files below a folder, in order, caches left out."""
    return [
        (f"{top}/{path.relative_to(folder).as_posix()}", path)
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and not LEFT_OUT & set(path.relative_to(folder).parts)
        if path.suffix not in (".nbi", ".nbc", ".pyc")
    ]


def book(html, editions, clean):
    """The built pages; `clean` takes the links to other editions out of a page."""
    for name, path in below(html, "curvature_book"):
        if editions in path.parents:
            continue
        yield name, clean(path.read_text("utf-8")).encode() if path.suffix == ".html" else path


def notebooks(html, root, packages):
    """The notebooks, and the folders of the checkout that they import."""
    top = "curvature_notebooks"
    yield f"{top}/README.txt", READ_ME.format(packages=" ".join(packages)).encode()
    for file in ("LICENSE", "requirements.lock"):
        yield f"{top}/{file}", Path(root, file)
    sources = Path(html, "_sources")
    for path in sorted(sources.rglob("*.ipynb")):
        yield f"{top}/{path.relative_to(sources).as_posix()}", path
    for folder in ("refimpl", "figures"):
        yield from below(Path(root, folder), f"{top}/{folder}")
