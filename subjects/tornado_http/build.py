"""Copies Tornado into a folder, some of its modules compiled with Cython.

    python3 build.py MODULES OUTDIR

MODULES is none (nothing is done), hot (the ones that this benchmark spends its
time in), or names such as iostream+web. Tornado is the one that this interpreter
imports; put OUTDIR first into PYTHONPATH.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig

from modules import chosen


def main(text, outdir):
    names = chosen(text)
    if not names:
        return
    spec = importlib.util.find_spec("tornado")
    if spec is None:
        sys.exit("there is no tornado to compile")
    package = os.path.join(outdir, "tornado")
    shutil.copytree(
        os.path.dirname(spec.origin), package,
        ignore=shutil.ignore_patterns("__pycache__", "test"), dirs_exist_ok=True,
    )
    for name in names:
        compile(package, name)


def compile(package, name):
    source = os.path.join(package, name + ".py")
    if not os.path.exists(source):
        sys.exit("tornado has no module %s" % name)
    base = os.path.join(package, name)
    run(sys.executable, "-m", "cython", "-3", "--module-name", "tornado." + name, "-o", base + ".c", source)
    run(
        os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O2", "-fwrapv", "-DNDEBUG",
        "-I" + sysconfig.get_paths()["include"], base + ".c",
        "-o", base + sysconfig.get_config_var("EXT_SUFFIX"),
    )
    os.remove(base + ".c")
    os.remove(source)  # so that there is nothing else to load


def run(*command):
    if subprocess.run(command).returncode:
        sys.exit("%s failed" % " ".join(command))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
