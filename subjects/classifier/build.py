"""Compiles the handler with Cython into a folder.

    python3 build.py LEVEL OUTDIR

LEVEL is none (nothing is done), plain (classifier.py as it stands), typed (C
types and methods, classifier_typed.pyx) or nogil (the same, and it runs without
the interpreter's lock, classifier_nogil.pyx). The module is classifier_LEVEL; put
OUTDIR into PYTHONPATH.
"""

import os
import subprocess
import sys
import sysconfig

SOURCES = {"plain": "classifier.py", "typed": "classifier_typed.pyx", "nogil": "classifier_nogil.pyx"}


def main(level, outdir):
    if level == "none":
        return
    if level not in SOURCES:
        sys.exit("%s: want none, plain, typed or nogil" % level)
    module = "classifier_" + level
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), SOURCES[level])
    os.makedirs(outdir, exist_ok=True)
    c_file = os.path.join(outdir, module + ".c")
    library = os.path.join(outdir, module + sysconfig.get_config_var("EXT_SUFFIX"))
    run(sys.executable, "-m", "cython", "-3", "--module-name", module, "-o", c_file, source)
    run(
        os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O2", "-fwrapv", "-DNDEBUG",
        "-I" + sysconfig.get_paths()["include"], c_file, "-o", library,
    )


def run(*command):
    if subprocess.run(command).returncode:
        sys.exit("%s failed" % " ".join(command))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
