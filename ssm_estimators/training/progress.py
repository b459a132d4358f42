"""What a training shows of itself; plain lines where the stream is no terminal."""

import sys
from typing import Any

from skorch.callbacks import Callback, PrintLog

from ssm_estimators.notices import bar, without_colours


def progress(verbose: int) -> list[tuple[str, Callback]]:
    """Callbacks that show a training: none, a bar, or a table."""
    if verbose == 0:
        return []
    return [("progress", BatchBar() if verbose == 1 else PrintLog(sink=print_plainly))]


def print_plainly(text: str) -> None:
    """Print, without colours where that does not go to a terminal."""
    print(text if sys.stdout.isatty() else without_colours(text), flush=True)


class BatchBar(Callback):
    """A bar over the batches of all epochs, on stderr."""

    def initialize(self) -> "BatchBar":
        """Begin without a bar."""
        self.bar_ = bar(0, "training", "batch", is_shown=False)
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Draw the bar."""
        self.n_batches_ = len(X.batches(net.batch_size))
        self.scores_: dict[str, float] = {}
        self.bar_ = bar(self.n_batches_ * net.max_epochs, "training", "batch")

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


_SCORES = ("train_loss", "valid_loss", "valid_accuracy", "valid_r2")
