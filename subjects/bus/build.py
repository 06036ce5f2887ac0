"""Compiles the framework, the handler or both with Cython, into a folder.

    python3 build.py framework+handler OUTDIR
    python3 build.py --handler=tornado_channels handler OUTDIR

The sources are compiled as they are, with no types added: what a framework's
users would get for nothing. `none` is a level too, and compiles nothing.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import sysconfig

from compiled import modules

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--handler", choices=["channels", "tornado_channels"], default="channels")
    args.add_argument("level")
    args.add_argument("outdir")
    args = args.parse_args()
    names = modules(args.level, args.handler)
    if names and platform.python_implementation() != "CPython":
        sys.exit("Cython's modules are for CPython: %s compiles by itself" % platform.python_implementation())
    os.makedirs(args.outdir, exist_ok=True)
    for name in names:
        build(name, args.outdir)


def build(name, outdir):
    c = os.path.join(outdir, name + ".c")
    so = os.path.join(outdir, name + sysconfig.get_config_var("EXT_SUFFIX"))
    run(*cython(), "-3", os.path.join(HERE, name + ".py"), "-o", c)
    run(
        os.environ.get("CC", "gcc"), "-shared", "-fPIC", "-O2", "-fwrapv",
        "-I" + sysconfig.get_path("include"), "-I" + sysconfig.get_path("platinclude"),
        c, "-o", so,
    )


def cython():
    """Returns the command: this interpreter's own Cython, else the one on PATH."""
    try:
        import Cython  # noqa: F401: only whether it is there
    except ImportError:
        for name in ("cython3", "cython"):
            if shutil.which(name):
                return [name]
        sys.exit("Cython is not installed: apt-get install cython3, or pip install cython")
    return [sys.executable, "-m", "cython"]


def run(*command):
    try:
        status = subprocess.run(command).returncode
    except OSError as error:
        sys.exit(str(error))
    if status != 0:
        sys.exit("%s ended with status %d" % (os.path.basename(command[0]), status))


if __name__ == "__main__":
    main()
