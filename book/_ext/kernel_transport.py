"""Kernels that execute pages talk over sockets of the file system, where the system has them.

Free TCP ports are looked for before the kernel takes them; on a busy machine another program is
sometimes quicker, and the page, with it the whole build, fails.
"""

import os

from jupyter_client.connect import ConnectionFileMixin
from jupyter_core.paths import jupyter_runtime_dir

# A socket's path may have about a hundred characters, and half are taken by its name.
LONGEST_FOLDER = 50


def setup(app):
    if os.name == "posix" and len(jupyter_runtime_dir()) <= LONGEST_FOLDER:
        ConnectionFileMixin.transport.default_value = "ipc"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
