"""A verdict on a CUDA device in one call: do the kernels hold their contracts, and how fast are they?

    python3 benchmarks/speed/gpu.py --out FOLDER
    python3 benchmarks/speed/gpu.py --out FOLDER --parts scan block --lengths 16384 65536 --precisions tf32
    python3 benchmarks/speed/gpu.py --dry-run

It runs from the checkout, as this script or as ``python -m benchmarks.speed.gpu``. It needs PyTorch 2.11 to 2.13 with
Triton 3.6 or 3.7, pytest and pytest-xdist. What trains needs scikit-learn, pandas and skorch too. Wheels of pure
Python that the folder ``.whl`` of the checkout holds are found there: ``pip download --no-deps -d .whl skorch==1.4.0
tabulate tqdm``.

The parts come in the order in which they are named: the contract suite, a training step of BIDMC, scans, blocks,
layers, liquid forms and whole fits; on demand a sweep of the scan's launch options, and NVIDIA's sanitizer. Each row
is written to ``FOLDER/rows.jsonl`` as soon as it is there, with the card's name, whose kernels ran the scans, and how
many were refused. After ``--minutes`` no new row begins, and those left out are named. What fails leaves an error in
its row, and the script ends with status 1.

Times are medians on the device, in ms, forward and backward, the device's cache flushed before each. A wait on the
device before each call lets all launches queue up, so that their own cost is not measured; that is ``host``. Batch x
length is 65,536, H = 256, N = 64. Beside ours stand the papers' formulation in PyTorch's own operators (textbook.py),
and the copies that a block cannot do without, at the bandwidth of a large copy. ``--dry-run`` walks through every part
on a CPU, with tiny shapes and Triton's interpreter; its times mean nothing.
"""

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOUND = [str(ROOT), *(str(wheel) for wheel in sorted((ROOT / ".whl").glob("*-none-any.whl")))]
sys.path[:0] = FOUND
os.environ["PYTHONPATH"] = os.pathsep.join([*FOUND, os.environ.get("PYTHONPATH", "")])  # of processes started here
if "--dry-run" in sys.argv:
    os.environ["TRITON_INTERPRET"] = "1"  # read when Triton is first imported
# found in the checkout alone, which need not be installed: hence below the path that leads to it
import torch  # noqa: E402

from benchmarks.harness.arguments import parser  # noqa: E402
from benchmarks.speed.on_gpu import contracts, kernels, training  # noqa: E402
from benchmarks.speed.on_gpu.device import Cuda, Rehearsal, allow  # noqa: E402
from benchmarks.speed.on_gpu.verdict import Verdict  # noqa: E402
from ssm_estimators.functional.scan import set_backend  # noqa: E402

LENGTHS = (1024, 4096, 16_384, 65_536)
PRECISIONS = ("tf32", "float32")
OTHERS = {**contracts.PARTS, **training.PARTS}
DEFAULT = ("suite", "step", "scan", "block", "layer", "liquid", "fits")


def main():
    options = parser(
        __doc__,
        output={"help": "folder of rows and reports; it may hold those of earlier calls"},
        parts={"nargs": "+", "choices": (*kernels.PARTS, *OTHERS), "default": None, "help": "what to measure"},
        lengths={"default": LENGTHS},
        precisions={"nargs": "+", "choices": PRECISIONS, "default": PRECISIONS, "help": "of matrix products"},
        repeats={"type": int, "default": 20, "help": "of each measurement"},
        processes={"type": int, "default": 12, "help": "of the contract suite"},
        minutes={"type": float, "default": 9.0, "help": "after which no new row begins"},
        dry_run={"action": "store_true", "help": "walk through all parts on a CPU"},
    )
    args = options.parse_args()
    if not args.dry_run and not torch.cuda.is_available():
        sys.exit("No CUDA device is here; this script measures one. --dry-run walks through it on a CPU.")
    if args.dry_run:
        args.lengths, args.precisions, args.processes = (64,), ("float32",), 2
        args.output, args.parts = args.output or Path(tempfile.mkdtemp()), args.parts or [*OTHERS, *kernels.PARTS]
        set_backend("triton")
    elif args.output is None:
        options.error("--out names the folder for what is measured.")
    args.output.mkdir(parents=True, exist_ok=True)
    device = (Rehearsal if args.dry_run else Cuda)(args.repeats)
    verdict = Verdict(args.output, device, args.minutes)
    for part in args.parts or DEFAULT:
        if part in OTHERS:
            OTHERS[part](verdict, device, args)
            continue
        for L in args.lengths:
            for precision in args.precisions:
                allow(precision)
                kernels.PARTS[part](verdict, device, L, precision, args)
    print(f"Written to {verdict.file}.")
    sys.exit(1 if verdict.has_failed else 0)


if __name__ == "__main__":
    main()
