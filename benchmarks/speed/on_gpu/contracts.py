"""Parts that run the tests of kernels on the device: the contract suite, and NVIDIA's sanitizer."""

import os
import subprocess
import sys

from benchmarks.harness.folders import ROOT
from benchmarks.speed.on_gpu.device import Rehearsal
from benchmarks.speed.on_gpu.training import NEEDED

TESTS = [f"tests/functional/test_{name}.py" for name in ("scan", "triton", "triton_offsets")]
TESTS_OF_TRAINING = ["tests/training/test_cuda_graph.py", "tests/random_features/test_transformer.py"]


def suite(verdict, device, args):
    """Whether the contracts hold on the device. What cannot be captured fails its test."""
    files = TESTS if NEEDED else [*TESTS, *TESTS_OF_TRAINING]
    options = ["-q", "-p", "no:cacheprovider", "--tb=short", "-n", str(args.processes), "-m", "not full"]
    options += ["-W", "error:The training step could not be captured", "-W", "error:.*refuses a kernel"]
    options += ["-W", "error:Triton cannot compile here"]
    if isinstance(device, Rehearsal):
        options += ["-k", "few_series or layer_norm or same_on_a_gpu"]
    pytest(verdict, device, args, [*options, *files], part="suite", processes=args.processes)


def sanitizer(verdict, device, args):
    """NVIDIA's memory checker on some whole layers, and its race checker on the one kernel that synchronises."""
    for tool, cases in (("memcheck", "100 and (s4d or kb-3 or lssl)"), ("racecheck", "5-exact")):
        prefix = [] if isinstance(device, Rehearsal) else ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9"]
        options = ["-q", "-p", "no:cacheprovider", "--tb=short", "-k", cases, "tests/functional/test_triton.py"]
        pytest(verdict, device, args, options, prefix, part="sanitizer", tool=tool)


def pytest(verdict, device, args, options, prefix=(), **facts):
    """A row of a run of the test suite, whose output goes to a file."""
    report = args.output / f"{'_'.join(str(value) for value in facts.values())}.txt"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    if not isinstance(device, Rehearsal):
        environment["TEST_DEVICE"] = "cuda"
    if prefix:
        environment["PYTORCH_NO_CUDA_MEMORY_CACHING"] = "1"  # else the checker sees few allocations

    def run():
        with report.open("w") as file:
            command = [*prefix, sys.executable, "-u", "-m", "pytest", *options]
            left = 60 * verdict.minutes_left()
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT, timeout=left
            )
        summary = report.read_text().splitlines()[-1]
        if done.returncode:
            raise RuntimeError(f"status {done.returncode}: {summary}; see {report}")
        return summary

    verdict.row(lambda: [("result", run)], **facts)


PARTS = {"suite": suite, "sanitizer": sanitizer}
