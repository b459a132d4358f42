"""Where a row comes from: versions, device, memory and commit."""

import resource
import subprocess
from importlib.metadata import PackageNotFoundError, version

import torch

from benchmarks.harness.folders import ROOT


def origin(estimator=None):
    """Where a row comes from; the device is the estimator's."""
    device = torch.device(getattr(estimator, "device_", "cpu"))
    return {
        "peak_GB": peak_gigabytes(),
        "torch": torch.__version__,
        "sktime": _version_of_sktime(),
        "threads": torch.get_num_threads(),
        "device": str(device),
        **({"card": torch.cuda.get_device_name(device)} if device.type == "cuda" else {}),
        "commit": commit(),
    }


def peak_gigabytes():
    """Memory of this process at its peak."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)


def _version_of_sktime():
    """None where it is not installed: our networks need it only as an adapter."""
    try:
        return version("sktime")
    except PackageNotFoundError:
        return None


def commit():
    """The checkout's commit, "+" where files other than results differ from it."""

    def git(*arguments):
        return subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=ROOT)

    changed = git("status", "--porcelain", "--untracked-files=no", ".", ":!benchmarks/results").stdout
    return git("rev-parse", "--short", "HEAD").stdout.strip() + "+" * bool(changed)
