"""Which modules of Tornado are compiled, and the proof that they are in use."""

import importlib
import importlib.machinery
import os
import sys

COMPILED = tuple(importlib.machinery.EXTENSION_SUFFIXES)

# The two that this benchmark spends the most time in; README.md has the profile.
HOT = ("iostream", "http1connection")

# Tornado's own C code, which is compiled in any case.
ALWAYS = {"speedups"}


def chosen(text):
    """Returns the modules that a level such as "none", "hot" or
    "iostream+web" names; commas do as well as plus signs."""
    names = []
    for part in text.replace(",", "+").split("+"):
        names += {"none": (), "hot": HOT}.get(part, (part,))
    return sorted(set(names))


def prove(text):
    """Ends the process unless just the chosen modules are compiled ones.

    A figure for a module that was not in use is worse than none.
    """
    wanted = chosen(text)
    for name in wanted:
        importlib.import_module("tornado." + name)
    compiled = sorted(
        name[len("tornado."):]
        for name, module in sys.modules.items()
        if name.startswith("tornado.") and (getattr(module, "__file__", None) or "").endswith(COMPILED)
        and name[len("tornado."):] not in ALWAYS
    )
    if compiled != wanted:
        import tornado

        sys.exit("--modules=%s: compiled in %s are %s, want %s; build.py builds them, and its folder belongs in PYTHONPATH" % (
            text, os.path.dirname(tornado.__file__), "+".join(compiled) or "none", "+".join(wanted) or "none"))
