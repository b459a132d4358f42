"""The command line of every study: an option that studies share has one name, one meaning and one help text."""

import argparse
import sys
from pathlib import Path

NETWORKS = ("LiquidS4", "S4D", "S4", "LSSL")
SEEDS = {"quick": [0], "regular": [0], "short": [0], "full": [0, 1, 2]}  # by profile
QUICK = {"max_epochs": 2}  # parameters of networks in the quick profile

SHARED = {
    "data_dir": {"type": Path, "required": True, "help": "folder of the data sets, see ssm_estimators.datasets"},
    "profile": {"choices": SEEDS, "default": "regular", "help": "how much to run; quick shows that the study works"},
    "task": {"nargs": "+", "help": "tasks to run"},
    "model": {"nargs": "+", "help": "models to run"},
    "sets": {"nargs": "+", "help": "data sets to run on"},
    "seeds": {"nargs": "+", "type": int, "help": "random states of the fits"},
    "device": {"default": "auto", "help": "where networks are trained, for example cpu or cuda"},
    "jobs": {"type": int, "default": 2, "help": "cores in use, as fits at a time or as threads of one fit"},
    "threads": {"type": int, "default": 2, "help": "threads of PyTorch"},
    "lengths": {"nargs": "+", "type": int, "help": "numbers of time points"},
    "before": {"type": Path, "help": "folder of another version of the package, measured beside this one"},
    "output": {"type": Path, "help": "where the rows go; by default to benchmarks/results"},
}
ALIASES = {"model": "models", "task": "tasks", "seeds": "seed", "output": "out"}


def parser(doc, *shared, **more):
    """A parser with the ``shared`` options; ``more`` changes some of these, or adds options of the study's own."""
    made = argparse.ArgumentParser(
        prog=_module() and f"python -m {_module()}",
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name in dict.fromkeys((*shared, *more)):
        flags = [f"--{flag.replace('_', '-')}" for flag in (name, ALIASES.get(name)) if flag]
        settings = SHARED.get(name, {}) | more.get(name, {})
        if settings.get("nargs") == "+" and "default" not in settings:
            settings["help"] += "; by default the profile's"
        made.add_argument(*flags, **settings)
    return made


def arguments(doc, *shared, **more):
    """What the command line says, see ``parser``."""
    return parser(doc, *shared, **more).parse_args()


def _module():
    """The study's name as a module; None if it runs as a bare script."""
    spec = sys.modules["__main__"].__spec__
    return spec and spec.name
