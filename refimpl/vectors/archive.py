"""The data alone, for those who need neither the package nor Python: one file, always the same."""

import hashlib
import zipfile

from .._outside import as_path
from ..errors import VectorError
from . import FOLDER, families, load

DIGESTS = "SHA256SUMS"
# The earliest that a zip file can hold; the time of packing would make each file another.
MOMENT = (1980, 1, 1, 0, 0, 0)
ABOUT = """\
Reference outputs of "Curvature from Noisy Gradients", version {version}

{cases} certified cases in {families} families: inputs as hexadecimal floats, outputs as decimals of
34 digits, and for each output how much roundoff it may show. One JSON file for each family, one
case a line; schema.json is their JSON Schema (2020-12). The rule by which an answer is judged, with
u = 2^-53 in binary64 and 2^-24 in binary32: it passes up to a relative error of 64 kappa u, and is
acceptable up to 64 K u; where 64 max(kappa, K) u is above 0.01 it says nothing.

Check the files by: sha256sum -c {digests}

An id always names the same case. A change of a value, or of what counts as right, is a new major
version; minor versions add cases, flags, families and optional keys; patch versions change no file.

MIT License, the contributors of Curvature from Noisy Gradients.
"""


def archive(path, folder=FOLDER):
    """Write all families, the schema, digests and a few words as a zip file.

    The same data give the same bytes, on every machine: entries are in alphabetical order, without
    times or owners, and stored uncompressed, since no two versions of zlib need agree.

    Parameters
    ----------
    path : path
        Of the file.
    folder : path, optional
        Where the families are.

    Returns
    -------
    str
        The SHA-256 of the file.

    Raises
    ------
    VectorError
        If a family cannot be trusted, or there is none.
    OSError
        If the file cannot be written, or there is no schema.
    """
    found = [load(name, folder) for name in families(folder)]
    if not found:
        raise VectorError(f"{folder}: expected files of reference outputs, found none")
    version = max(family.version for family in found)
    files = {family.path.name: family.path.read_bytes() for family in found}
    files["schema.json"] = (as_path(folder) / "schema.json").read_bytes()
    about = ABOUT.format(
        version=version,
        cases=sum(len(family.cases) for family in found),
        families=len(found),
        digests=DIGESTS,
    )
    files["README.txt"] = about.encode()
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    files[DIGESTS] = "".join(lines).encode()
    with zipfile.ZipFile(as_path(path), "w", zipfile.ZIP_STORED) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"refimpl-vectors-{version}/{name}", MOMENT)
            # A plain file that its owner may write, on whatever system it is packed.
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            packed.writestr(entry, files[name])
    return hashlib.sha256(as_path(path).read_bytes()).hexdigest()
