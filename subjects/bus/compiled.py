"""Puts compiled modules in the place of their sources, and proves that it has.

A server that was asked to run compiled code and runs the source instead would be
measured under a name that is not its own, so it must not start.
"""

import importlib
import sys


def modules(level, handler):
    """Returns the modules that a level compiles; handler is the handler's own."""
    parts = {"none": [], "framework": ["frame"], "handler": ["events", handler]}
    try:
        return [name for part in level.split("+") for name in parts[part]]
    except KeyError:
        sys.exit("level %r: want none, framework, handler or framework+handler" % level)


def use(level, folder, handler):
    """Returns the handler's module, with what the level compiles taken from folder."""
    compiled = modules(level, handler)
    if compiled:
        sys.path.insert(0, folder)  # before the script's own, where the sources are
    found = importlib.import_module(handler)
    for name in ("frame", "events", handler):
        file = sys.modules[name].__file__ if name in sys.modules else "not imported"
        if file.endswith(".so") != (name in compiled):
            sys.exit("level %r: module %s is %s" % (level, name, file))
    return found
