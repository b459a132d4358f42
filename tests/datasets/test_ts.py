"""sktime's text format, and every header held to."""

from pathlib import Path

import numpy as np
import pytest
import sktime.datasets

from ssm_estimators.datasets.ts import read_ts

TS = """#A comment
@problemName Toy
@timeStamps false
@missing false
@univariate false
@dimensions 2
@equalLength true
@seriesLength 3
@classLabel true 1 2
@data
1,2,3:4,5,6:1
7,8,9:1,2,3:2
"""


@pytest.fixture
def read(tmp_path):
    def read(text, **options):
        path = tmp_path / "Toy_TRAIN.ts"
        path.write_text(text)
        return read_ts(path, **options)

    return read


def test_series_and_labels(read):
    X, y = read(TS)
    np.testing.assert_array_equal(X, np.float32([[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [1, 2, 3]]]))
    assert X.dtype == np.float32
    assert y.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("BasicMotions", sktime.datasets.load_basic_motions),
        ("JapaneseVowels", sktime.datasets.load_japanese_vowels),
        ("PLAID", sktime.datasets.load_plaid),
    ],
)
def test_published_files_are_read_as_by_sktime(name, load):
    table, labels = load("TEST", return_X_y=True, return_type="nested_univ")
    X, y = read_ts(Path(sktime.datasets.__file__).parent / "data" / name / f"{name}_TEST.ts")
    assert [str(label).lower() for label in y] == labels.tolist()
    for case, row in zip(X, table.to_numpy(), strict=True):
        for channel, values in zip(case, row, strict=True):
            np.testing.assert_array_equal(channel[: len(values)], np.float32(values))
            assert np.isnan(channel[len(values) :]).all()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("@dimensions 2", "@dimensions 3", "line 11 has 2 channels; the header or the first case has 3"),
        ("@dimensions 2", "@dimensions two", "its header says @dimensions two; expected a whole number"),
        ("@dimensions 2", "@dimensions 0", "its header says @dimensions 0; expected a whole number"),
        ("@univariate false", "@univariate true", "its header says @univariate true, but it has 2 channels"),
        ("@univariate false", "@univariate maybe", "its header says @univariate maybe; expected true or false"),
        ("@seriesLength 3", "@seriesLength 4", r"line 11 has a channel of 3 values; expected 4 each"),
        ("7,8,9:", "7,8:", r"line 12 has a channel of 2 values; expected 3 each"),
        ("@seriesLength 3\n@classLabel", "@classLabel", None),
        ("7,8,9:1,2,3:", "7,8,9:", "line 12 has 1 channels; the header or the first case has 2"),
        ("7,8,9", "7,?,9", "line 12 lacks values, but the header says @missing false"),
        ("7,8,9", "7,NaN,9", "line 12 lacks values, but the header says @missing false"),
        ("7,8,9", "7,inf,9", "line 12 has the value 'inf'; expected a number, NaN or ?"),
        ("7,8,9", "7,1e300,9", "line 12 has a value beyond the range of float32"),
        ("7,8,9", "7,8_0,9", "line 12 has the value '8_0'; expected a number"),
        ("7,8,9", "7,,9", "line 12 has the value ''; expected a number"),
        ("7,8,9", "7,8-,9", "line 12 has a value that is no number"),
        ("7,8,9", "", "line 12 has the value ''; expected a number"),
        (":2\n", ":3\n", r"line 12 has the label '3'; the header lists \['1', '2'\]"),
        (":2\n", ":02\n", r"line 12 has the label '02'; the header lists \['1', '2'\]"),
        (":2\n", ":NaN\n", r"line 12 has the label 'NaN'; the header lists \['1', '2'\]"),
        ("true 1 2", "true 1 1", r"its header lists the classes \['1', '1'\]; expected each once"),
        ("true 1 2", "true", r"its header lists the classes \[\]; expected each once"),
        ("true 1 2", "true 1 2 NaN", "its header lists the label 'NaN', which names no class"),
        ("true 1 2", "true 1 2 inf", "its header lists the label 'inf', which names no class"),
        ("true 1 2", "true 1 2 1e300", "its header lists the label '1e300', which names no class"),
        ("true 1 2", "true 1 2 01", "the labels '1' and '01' are one number, written in two ways"),
        ("@classLabel true 1 2", "@classLabel false", "its header does not say @classlabel true"),
        ("@classLabel true 1 2", "@targetLabel true", "its header does not say @classlabel true"),
        ("@timeStamps false", "@timeStamps true", "it has @timeStamps, but only series without times"),
        ("@missing false", "@dimensions 1", "line 6 says @dimensions 2, an earlier one @dimensions 1"),
        ("@missing false", "1,2,3", "line 4 is before @data and neither a tag"),
        ("@data\n", "", "line 10 is before @data and neither a tag"),
        ("\n7,8,9:1,2,3:2", "", None),
    ],
)
def test_headers_are_held_to(read, old, new, message):
    assert old in TS
    if message is None:
        read(TS.replace(old, new))
        return
    with pytest.raises(
        ValueError, match=rf"Toy_TRAIN.ts cannot be read as a .ts file, sktime's text format: {message}"
    ):
        read(TS.replace(old, new))


def test_equal_length_alone_is_held_to(read):
    text = TS.replace("@seriesLength 3\n", "").replace("7,8,9:1,2,3", "7,8:1,2")
    for equal in ("@equalLength true\n", ""):  # it need not be said
        with pytest.raises(ValueError, match=r"line 1[01] has a channel of 2 values; expected 3 each"):
            read(text.replace("@equalLength true\n", equal))
    assert read(text.replace("@equalLength true", "@equalLength false"))[0].shape == (2, 2, 3)


@pytest.mark.parametrize("equal", ["", "@equalLength true", "@equalLength false"])
@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("7,8,9:1,2", "line 1[01] has a channel of 2 values; expected 3 each"),
        ("?,NaN,?:?,?,?", "line 1[01] has no value that is not missing"),
    ],
)
def test_a_case_has_one_length_and_a_value(read, equal, case, message):
    text = TS.replace("@equalLength true\n@seriesLength 3", equal).replace("@missing false", "@missing true")
    assert read(text.replace("7,8,9:1,2,3", "?,?,?:1,?,?"))[0].shape == (2, 2, 3)
    with pytest.raises(ValueError, match=rf"Toy_TRAIN.ts cannot be read .*: {message}"):
        read(text.replace("7,8,9:1,2,3", case))


def test_classes_are_typed_by_the_header_and_keep_their_case(read):
    assert read(TS.replace("true 1 2", "true 1 2 x"))[1].tolist() == ["1", "2"]
    text = TS.replace("true 1 2", "true Cat cat").replace(":1\n", ":Cat\n").replace(":2\n", ":cat\n")
    assert read(text)[1].tolist() == ["Cat", "cat"]


def test_targets_are_exact(read):
    text = TS.replace("@classLabel true 1 2", "@targetLabel true").replace(":2\n", ":80.1\n")
    assert read(text, labels="targetlabel")[1].tolist() == [1.0, 80.1]
    for wrong in ("inf", "NaN", "x", "", "1e999"):
        with pytest.raises(ValueError, match=rf"Toy_TRAIN.ts .*: line 12 has the target '{wrong}'; expected a finite"):
            read(text.replace(":80.1", f":{wrong}"), labels="targetlabel")


def test_one_long_series_does_not_take_all_memory(read):
    long = ",".join(["1"] * 5000)
    text = TS.replace("@equalLength true\n@seriesLength 3", "@equalLength false").replace(
        "7,8,9:1,2,3", f"{long}:{long}"
    )
    with pytest.raises(
        ValueError, match=r"the first 4 series, as long as the longest, of 5000 values, take 80000 bytes, more than"
    ):
        read(text, max_bytes=70_000)
