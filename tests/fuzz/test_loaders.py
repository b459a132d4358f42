"""Files of every loader, changed at random: the data that they say they hold, or one error that names the file."""

import gzip
import io
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import event, given, note
from hypothesis import strategies as st
from scipy.io import wavfile

from ssm_estimators import datasets
from ssm_estimators.datasets import bidmc, forecasting, images, listops, physionet, speech, text

RNG = np.random.default_rng(0)
HOURS = pd.date_range("2016-07-01", periods=6, freq="h")
SMALL = [  # counts of files that are read in a millisecond
    (physionet, {"RECORDS": range(1, 3), "N_SAMPLES": 500, "N_WINDOWS": 2, "N_NUMERICS": 36}),
    (bidmc, {"RECORDS": range(1, 3), "N_SAMPLES": 500, "N_WINDOWS": 2, "WINDOW": 20}),
    (forecasting, {"ETT_CASES": {"h": 6}, "ETT_COLUMNS": ("HUFL", "OT")}),
    (forecasting, {"WEATHER_DATES": HOURS, "WEATHER_COLUMNS": 2}),
    (images, {"MNIST_CASES": {"train": 3}, "CIFAR_CASES": 2}),
    (listops, {"N_CASES": {"test": 2}, "ORIGINAL_CASES": 10}),
    (speech, {"DIGITS_CASES": {"test": 2}, "DIGITS_SUBSET_CASES": {"train": 8, "test": 12}, "N_COMMANDS": 2}),
    (speech, {"COMMANDS_CASES": {"train": 2, "validation": 2, "test": 2}}),
    (text, {"IMDB_CASES": 2, "IMDB_SUBSET_CASES": {"test": 3}, "RETRIEVAL_CASES": {"test": 2}}),
]


def _npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _wav(rate, n):
    file = io.BytesIO()
    wavfile.write(file, rate, RNG.integers(-(2**15), 2**15, n).astype(np.int16))
    return file.getvalue()


def _idx(values):
    return bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape) + values.tobytes()


def _csv(**columns):
    return pd.DataFrame(columns).to_csv(index=False).encode()


def _bytes(*shape, high=256):
    return RNG.integers(0, high, shape).astype(np.uint8)


TS = """#A comment
@problemName Toy
@timeStamps false
@missing true
@univariate false
@dimensions 2
@equalLength false
@classLabel true 1 2 3
@data
1,2.5,3:4,5,6:1
7,?:8,9e-1:2
-1,0:1,1:2
"""
TARGETS = (
    TS[TS.index("@problem") : TS.index("@data")]
    .replace("@missing true", "@missing false")
    .replace("@equalLength false", "@equalLength true\n@seriesLength 20")
    .replace("@classLabel true 1 2 3", "@targetLabel true")
) + "@data\n"
TARGETS += "".join(f"{','.join(['1.5'] * 20)}:{','.join(['0.25'] * 20)}:{y}\n" for y in (80.25, 71))
ARCHIVE = {"BIDMC32HR/BIDMC32HR_TEST.ts": TARGETS.encode()}
UCR_Y = np.array([1, 2, 1], np.int32)
UCR = _npz(X_train=RNG.normal(size=(3, 2, 5)), y_train=UCR_Y, X_test=np.zeros((2, 2, 5)), y_test=UCR_Y[:2])
SUMMARY = _csv(name=["Toy"], n_train=[3], n_test=[2], channels=[2], T=[5], classes=[2])
TABLES = {
    name: gzip.compress(_csv(date=HOURS.astype(str), HUFL=RNG.normal(size=6), OT=RNG.normal(size=6)))
    for name in ("forecasting/ETTh1.csv.gz", "forecasting/weather.csv.gz")
}
WINDOWS = {"record": [1, 1, 2, 2], "start": [0, 375, 0, 480], "HR": [60.5, 61, 62, 63], "RR": [12.5, 13, 14, np.nan]}
CODES = {"pleth": _bytes(500, high=5), "ii": _bytes(500, high=5)}
CODES |= {f"{name}_levels": np.arange(5, dtype=np.float32) for name in CODES}
COMPACT = {
    "bidmc/windows.csv.gz": gzip.compress(_csv(**WINDOWS, SpO2=97)),
    "bidmc/records.csv": _csv(record=[1, 2], patient=[1, 2], split="train"),
    "bidmc/bidmc_01.npz": _npz(**CODES),
    "bidmc/bidmc_02.npz": _npz(**CODES),
}
SIGNALS = _csv(**{"Time [s]": np.arange(500) / 125, " PLETH": 0.5, " II": RNG.integers(0, 9, 500) / 8})
NUMERICS = _csv(**{"Time [s]": np.arange(36), " HR": np.arange(60, 96), " RESP": 12, " SpO2": [np.nan] * 9 + [97] * 27})
COMMANDS = {f"{word}/{k}.wav": _wav(16_000, 20) for word in ("no", "yes") for k in range(3)}
COMMANDS |= {"testing_list.txt": b"no/1.wav\nyes/1.wav\n", "validation_list.txt": b"no/2.wav\nyes/2.wav\n"}
FSDD = {
    "audio": np.arange(40, dtype=np.int16),
    "offsets": 2 * np.arange(21),
    "digit": np.arange(20, dtype=np.int8) % 10,
    "index": np.arange(20, dtype=np.int8) % 9,
    "speaker": np.array(["theo", "lucas"] * 10),
    "fs": np.int32(8000),
}
GREY = _npz(X_test=np.tile(_bytes(1, 32, 32), (1000, 1, 1)), y_test=np.arange(1000) % 10)
REVIEWS = {"text_test": _bytes(9), "offsets_test": np.array([0, 2, 9, 9]), "y_test": np.array([1, 0, 1], np.int8)}
RECORD = b"\3" + _bytes(3072).tobytes()
BATCHES = {f"cifar-10-batches-bin/data_batch_{k}.bin": 2 * RECORD for k in range(1, 6)}
LISTS = b"Source\tTarget\n( ( [MAX 2 ) 9 ] )\t9\n( [SM 1 2 ] )\t3\n"
SHORT_LISTS = gzip.compress("".join(f"{k}\t( [MIN {k} 9 ] )\n" for k in range(10)).encode())
PAIRS = b"1.0\tA\tB\tb'some text'\tb\"more\"\n0.0\tA\tC\tplain\tx\n"
LABELS, PIXELS = _idx(np.uint8([5, 0, 4])), _idx(_bytes(3, 28, 28))
MNIST = {"train-images-idx3-ubyte": PIXELS, "train-labels-idx1-ubyte": LABELS}
PUBLISHED = {f"bidmc/bidmc_csv/bidmc_0{k}_Signals.csv": SIGNALS for k in (1, 2)}
PUBLISHED |= {f"bidmc/bidmc_csv/bidmc_0{k}_Numerics.csv": NUMERICS for k in (1, 2)}
ARTICLES = {f"aclImdb/test/{kind}/{k}_7.txt": kind.encode() for kind in ("pos", "neg") for k in (1, 2)}
WAVS = {f"free-spoken-digit-dataset/recordings/{k}_theo_4.wav": _wav(8000, 20 + k) for k in (3, 7)}


def _loader(name, *args, **options):
    return lambda root: getattr(datasets, f"load_{name}")(*args, data_dir=root, **options)


SETS = {  # how each is loaded, and its files
    "npz": (_loader("ucr_uea", "Toy", "train"), {"Toy.npz": UCR, "summary.csv": SUMMARY}),
    "ts": (_loader("ucr_uea", "Toy", "train"), {"Toy/Toy_TRAIN.ts": TS.encode()}),
    "tsv": (_loader("ucr_uea", "Toy", "train"), {"Toy/Toy_TRAIN.tsv": b"-1\t0.5\tNaN\n1\t2\t4\n1\t3\t4\n"}),
    "ett": (_loader("ett", "ETTh1"), TABLES),  # of a set's files, those that the loader opens are changed
    "weather": (_loader("weather"), TABLES),
    "bidmc": (_loader("bidmc", "train", target="HR"), COMPACT),
    "bidmc published": (_loader("bidmc", "train", target="HR"), PUBLISHED),
    "bidmc archive": (_loader("bidmc", "test", target="HR", protocol="archive"), ARCHIVE),
    "mnist": (_loader("sequential_mnist", "train"), MNIST),
    "mnist gz": (_loader("sequential_mnist", "train"), {f"mnist/{k}.gz": gzip.compress(v) for k, v in MNIST.items()}),
    "cifar": (_loader("sequential_cifar", "train"), BATCHES),
    "grey": (_loader("sequential_cifar", "test", grayscale=True), {"images/cifar10_gray_3k_1k.npz": GREY}),
    "digits": (_loader("spoken_digits", "test"), WAVS),
    "digits npz": (_loader("spoken_digits", "test"), {"speech/fsdd_900.npz": _npz(**FSDD)}),
    "commands": (_loader("speech_commands", "train"), {f"speech_commands/{k}": v for k, v in COMMANDS.items()}),
    "listops": (_loader("listops", "test"), {"listops/basic_test.tsv": LISTS}),
    "original listops": (_loader("listops", "test"), {"text/listops_original_10k.tsv.gz": SHORT_LISTS}),
    "imdb": (_loader("imdb_bytes", "test"), ARTICLES),
    "imdb npz": (_loader("imdb_bytes", "test"), {"text/imdb_bytes_2k_1k.npz": _npz(**REVIEWS)}),
    "retrieval": (_loader("retrieval", "test"), {"aan/new_aan_pairs.test.tsv": PAIRS}),
}
TEXTS = r"\.(csv|tsv|ts|txt)(\.gz)?$"
UNCOUNTED = ("ts", "tsv", "bidmc", "bidmc published", "bidmc archive")  # or windows without a target are left out
FOLDERS = ("speech_commands", "free-spoken-digit-dataset/recordings", "aclImdb/test")  # counted as wholes
NUMBERS = ["NaN", "inf", "-inf", "1e300", "01", "1", "1.0", "-0", "?", "", "9" * 20, "0x1", "1_0", "\u0661", "4", "7"]
WORDS = ["a", " ", ",", ":", "\t", "\n", "\r", '"', "\0", "#", "@", "@data", "true", "false", "[MIN", "]", "(", "2016"]
BYTES = {
    "flip": lambda whole, i, j, noise: whole[:i] + bytes(k ^ noise[0] for k in whole[i : i + 2]) + whole[i + 2 :],
    "cut": lambda whole, i, j, noise: whole[:i] + whole[j:],
    "end": lambda whole, i, j, noise: whole[:j],
    "insert": lambda whole, i, j, noise: whole[:i] + noise + whole[i:],
    "swap": lambda whole, i, j, noise: whole[:i] + whole[j:] + whole[i:j],
    "repeat": lambda whole, i, j, noise: whole[:j] + whole[i:],
}
PARTS = {  # of a text: words or lines, every second one what is between them
    "swap": lambda p, i, j, word: [*p[:i], p[j], *p[i + 1 : j], p[i], *p[j + 1 :]] if i < j else p,
    "replace": lambda p, i, j, word: [*p[:i], word, *p[i + 1 :]],
    "repeat": lambda p, i, j, word: [*p[: i + 2], *p[i:]],
    "drop": lambda p, i, j, word: [*p[:i], *p[i + 2 :]],
}
ARRAYS = {
    "objects": lambda values, other: values.astype(object),
    "floats": lambda values, other: np.arange(values.size).reshape(values.shape) / 3,
    "nan": lambda values, other: np.full(values.shape, np.nan),
    "inf": lambda values, other: np.full(values.shape, np.inf),
    "huge": lambda values, other: np.full(values.shape, 1e300),
    "texts": lambda values, other: values.astype(str),
    "numbered": lambda values, other: np.resize(["1", "01"], values.shape),
    "negative": lambda values, other: -np.ones(values.shape, np.int64),
    "other end": lambda values, other: values.astype(values.dtype.newbyteorder(">")),
    "fortran": lambda values, other: np.asfortranarray(values),
    "complex": lambda values, other: np.ones(values.shape, complex),
    "shorter": lambda values, other: np.atleast_1d(values)[:-1],
    "longer": lambda values, other: np.repeat(np.atleast_1d(values), 2, axis=0),
    "deeper": lambda values, other: values[None],
    "another": lambda values, other: other,
    "reversed": lambda values, other: np.atleast_1d(values)[::-1].reshape(values.shape),
}


@st.composite
def _changes(draw, files):
    """A file's name, its new content, and whether a checksum would tell any change of the data."""

    def one(choices):
        return draw(st.sampled_from(choices if isinstance(choices, list) else sorted(choices)))

    def places(n):
        return sorted(int(draw(st.floats(0, 1)) * (n - 1)) for _ in range(2))

    name = one(files)
    kinds = ["bytes"] + ["arrays"] * name.endswith(".npz") + ["parts"] * bool(re.search(TEXTS, name))
    kind, whole = one(kinds), files[name]
    if kind == "arrays":
        with np.load(io.BytesIO(whole)) as stored:
            arrays = dict(stored)
        changed = one(arrays)
        return name, _npz(**{**arrays, changed: ARRAYS[one(ARRAYS)](arrays[changed], arrays[one(arrays)])}), False
    inside = name.endswith(".gz") and (kind == "parts" or draw(st.booleans()))
    content = gzip.decompress(whole) if inside else whole
    if kind == "parts":
        for _ in range(draw(st.integers(1, 2))):
            parts = re.split(one([r"(\n)", r"([,:\t\n ])"]), content.decode())
            every = range(0, len(parts), 2)
            ends = [k for k in every if "\n" in "".join(parts[max(k - 1, 0) : k + 2])]  # of lines: labels
            aim = one([every, every[:20], ends or every])
            i, j = (aim[k] for k in places(len(aim)))
            content = "".join(PARTS[one(PARTS)](parts, i, j, one(NUMBERS + WORDS))).encode()
    else:
        content = BYTES[one(BYTES)](content, *places(len(content)), draw(st.binary(min_size=1, max_size=9)))
    has_checksum = kind == "bytes" and not inside and name.endswith((".npz", ".gz"))
    return name, gzip.compress(content) if inside else content, has_checksum


def _check_same(got, intact):
    if isinstance(got, pd.DataFrame):
        pd.testing.assert_frame_equal(got, intact)
        return
    for part, expected in zip(got, intact, strict=True):
        np.testing.assert_array_equal(part, expected)


def _check_consistent(got, intact, counted):
    """Data as documented, and of the published counts where there are any."""
    if isinstance(got, pd.DataFrame):
        assert got.index.equals(intact.index)
        assert got.shape == intact.shape
        assert np.isfinite(got.to_numpy()).all()
        return
    X, y = got[:2]
    assert (X.dtype, X.ndim, len(X)) == (intact[0].dtype, 3, len(y))
    assert min(X.shape) > 0
    assert not np.isinf(X).any()
    assert y.dtype.kind in "iuUf"
    numbers = pd.to_numeric(pd.Series(np.unique(y)), errors="coerce").dropna()
    assert numbers.is_unique
    assert (numbers.abs() <= 2**53).all()
    assert not {"", "?", "nan", "NaN"} & set(y.astype(str))
    if counted:
        assert X.shape[:2] == intact[0].shape[:2]
        assert (y.shape, y.dtype) == (intact[1].shape, intact[1].dtype)


def _outcome(load, root):
    """What is loaded, with no warning, or the error that refuses it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return load(root)
        except (ValueError, FileNotFoundError) as error:
            return error


@pytest.fixture(scope="module", autouse=True)
def _small_counts():
    with pytest.MonkeyPatch.context() as patch:
        for module, counts in SMALL:
            for name, value in counts.items():
                patch.setattr(module, name, value)
        yield


@pytest.mark.parametrize("name", SETS)
def test_changed_files_are_refused_or_consistent(name, tmp_path_factory):
    load, files = SETS[name]
    root = tmp_path_factory.mktemp("set")
    for place, content in files.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(content)
    opened, open_path = set(), Path.open
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", lambda path, *args: (opened.add(path), open_path(path, *args))[1])
        intact = load(root)

    @given(change=_changes({place: content for place, content in files.items() if root / place in opened}))
    def check(change):
        place, content, has_checksum = change
        (root / place).write_bytes(content)
        got = _outcome(load, root)
        (root / place).write_bytes(files[place])
        note(f"{place}: {got!r}")
        event(type(got).__name__)
        if isinstance(got, Exception):
            assert content != files[place]
            named = [f"{root / folder} " for folder in FOLDERS if place.startswith(folder)]
            named += [str(root / place), *[f"{root / 'Toy.npz'} "] * (place == "summary.csv")]
            assert any(name in str(got) for name in named)
            assert re.search("[Gg]et (it|the file) again|Expected |raise max_bytes", str(got))
        elif has_checksum or content == files[place]:
            _check_same(got, intact)
        else:
            _check_consistent(got, intact, counted=name not in UNCOUNTED)

    check()
