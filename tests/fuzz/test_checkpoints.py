"""A checkpoint whose bytes were changed is refused by an error that names it; nothing else is ever loaded."""

import contextlib
import io
import pickle
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skorch.callbacks import Callback

from ssm_estimators import S4DClassifier
from ssm_estimators.training import TrainingCheckpoint

X = np.random.default_rng(0).normal(size=(8, 1, 12))
Y = np.arange(8) % 2


class Kill(Callback):
    """Ends the process, as far as training sees it, in the second epoch."""

    def on_batch_begin(self, net, training=False, **kwargs):
        if training and len(net.history) == 2 and len(net.history[-1]["batches"]) == 2:
            raise SystemExit


def _fit(*callbacks, random_state=0):
    small = {"d_model": 2, "d_state": 2, "n_layers": 1, "max_epochs": 2, "batch_size": 4, "device": "cpu"}
    return S4DClassifier(**small, random_state=random_state, callbacks=list(callbacks)).fit(X, Y)


def _written(path, *others, random_state=0):
    with contextlib.suppress(SystemExit):
        _fit(TrainingCheckpoint(path, seconds=0), *others, random_state=random_state)
    return path.read_bytes()


def _archive():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"module": {}}))
    return file.getvalue()


def _saved():
    file = io.BytesIO()
    torch.save({"training": {}}, file)
    return file.getvalue()


def _changed(whole, other, kind, start, end, near, noise):
    """The bytes of a file with something done to them between two places, which are shares of its length."""
    reach = 120 if near else len(whole) - 1  # near its start is the checksum
    i, j = sorted((int(start * reach), int(end * reach)))
    mixed = bytes(a ^ b for a, b in zip(whole[i:], noise, strict=False))
    return {
        "flip": whole[:i] + mixed + whole[i + len(mixed) :],
        "cut": whole[:i] + whole[j:],
        "insert": whole[:i] + noise + whole[i:],
        "swap": whole[:i] + whole[j:] + whole[i:j],
        "repeat": whole + whole[i:j],
        "join": whole[:i] + other[i:],
        "replace": [noise, b"", _archive(), _saved(), pickle.dumps({"module": {}}), other][j % 6],
    }[kind]


KINDS = ["flip", "cut", "insert", "swap", "repeat", "join", "replace"]
CHANGE = st.tuples(
    st.sampled_from(KINDS), st.floats(0, 1), st.floats(0, 1), st.booleans(), st.binary(min_size=1, max_size=40)
)


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """Change the file of a fit that ended, or of one that was killed, and fit."""
    path = tmp_path_factory.mktemp("checkpoints") / "run.pt"
    intact = {"ended": _written(path.with_name("ended.pt")), "killed": _written(path.with_name("killed.pt"), Kill())}
    other = _written(path.with_name("other.pt"), random_state=1)
    expected = _fit().net_.module_.state_dict()

    def run(name, change):
        changed = _changed(intact[name], other, *change)
        path.write_bytes(changed)
        if changed != intact[name]:
            with pytest.raises(ValueError, match=rf"{path}.* [Dd]elete "):
                _fit(TrainingCheckpoint(path))
            return
        for key, value in _fit(TrainingCheckpoint(path)).net_.module_.state_dict().items():
            np.testing.assert_array_equal(value, expected[key])

    return run


@given(name=st.sampled_from(["ended", "killed"]), change=CHANGE)
def test_changed_bytes_are_refused_and_unchanged_ones_loaded(check, name, change):
    check(name, change)
