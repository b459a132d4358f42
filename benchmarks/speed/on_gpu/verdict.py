"""How what was measured on a GPU is written."""

import json
import time

import torch
import triton

from ssm_estimators.functional.triton import sizes as triton_sizes


class Verdict:
    """Rows, written as they come."""

    def __init__(self, folder, device, minutes):
        self.file, self.device, self.end = folder / "rows.jsonl", device, time.monotonic() + 60 * minutes
        self.has_failed = False

    def row(self, made, **facts):
        """Fill in a row by what ``made`` gives for a name and a function each; or say why there is no time left."""
        if time.monotonic() > self.end:
            return self._write({**facts, "left out": "no time left"})
        row, errors = dict(facts), {}
        try:
            for name, measure in made():
                try:
                    row[name] = measure()
                except Exception as error:  # whatever it is belongs into the row, and the next measure may do
                    errors[name] = f"{type(error).__name__}: {error}"[:500]
        except Exception as error:
            errors["set up"] = f"{type(error).__name__}: {error}"[:500]
        if errors:
            self.has_failed, row["errors"] = True, errors
        self._write(row)
        try:
            self.device.free()
        except RuntimeError as error:  # after an illegal access the device answers nothing more
            self.end, self.has_failed = 0, True
            print(f"The device is lost: {error}")

    def minutes_left(self):
        return max(0.0, self.end - time.monotonic()) / 60

    def _write(self, row):
        about = {"kernels": self.device.kernels, "refused": len(triton_sizes._TOO_LARGE)} | {
            "card": self.device.card,
            "torch": torch.__version__,
            "triton": triton.__version__,
        }
        with self.file.open("a") as file:
            file.write(json.dumps(row | about) + "\n")
        print(json.dumps(row), flush=True)
