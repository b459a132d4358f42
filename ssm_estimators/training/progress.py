"""What a training shows of itself; plain lines where the stream is no terminal."""

import re
import sys
from typing import Any, TextIO

from skorch.callbacks import Callback, PrintLog
from tqdm.auto import tqdm
from tqdm.notebook import tqdm_notebook


def progress(verbose: int) -> list[tuple[str, Callback]]:
    """Callbacks that show a training: none, a bar, or a table."""
    if verbose == 0:
        return []
    return [("progress", BatchBar() if verbose == 1 else PrintLog(sink=print_plainly))]


def print_plainly(text: str) -> None:
    """Print, without colours where that does not go to a terminal."""
    print(text if sys.stdout.isatty() else _ANSI.sub("", text), flush=True)


class BatchBar(Callback):
    """A bar over the batches of all epochs, on stderr."""

    def initialize(self) -> "BatchBar":
        """Begin without a bar."""
        self.bar_ = tqdm(disable=True)
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Draw the bar."""
        self.n_batches_ = len(X.batches(net.batch_size))
        self.scores_: dict[str, float] = {}
        is_drawn = sys.stderr.isatty() or issubclass(tqdm, tqdm_notebook)
        form: dict[str, Any] = {} if is_drawn else {"file": _Lines(sys.stderr), "mininterval": 10, "bar_format": _LINE}
        self.bar_ = tqdm(total=self.n_batches_ * net.max_epochs, desc="training", unit="batch", **form)

    def on_epoch_begin(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        """Show the epoch, and the scores of the last one that is over."""
        self.bar_.set_postfix({"epoch": f"{len(net.history)}/{net.max_epochs}", **self.scores_}, refresh=False)

    def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        """Move the bar."""
        if training:  # a training that goes on begins within an epoch
            n_done = (len(net.history) - 1) * self.n_batches_ + len(net.history[-1]["batches"])
            self.bar_.update(n_done - self.bar_.n)

    def on_epoch_end(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        """Show the epoch's scores too."""
        self.scores_ = {name: net.history[-1, name] for name in _SCORES if name in net.history[-1]}
        self.on_epoch_begin(net)

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Leave the bar as it is."""
        self.bar_.close()


class _Lines:
    """A stream on which each state of a bar is a line."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> None:
        if line := _ANSI.sub("", text).strip():
            self.stream.write(line + "\n")

    def flush(self) -> None:
        self.stream.flush()


_SCORES = ("train_loss", "valid_loss", "valid_accuracy", "valid_r2")
_LINE = "{desc}: {percentage:.0f}%, batch {n_fmt}/{total_fmt}, {elapsed} done, {remaining} to go{postfix}"
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
