"""The pictures of the UCR archive: what stands in them can be read."""

import matplotlib
import pytest

from benchmarks.report import pictures as archive

matplotlib.use("Agg")


@pytest.fixture
def pictures(monkeypatch):
    """Figures by their file names, which are not written."""
    drawn = {}
    monkeypatch.setattr(archive, "save", lambda figure, name: drawn.update({name: figure}))
    archive.draw_ranks()
    archive.draw_score_against_time()
    return drawn


def texts(figure):
    figure.canvas.draw()
    [ax] = figure.axes
    legend = [] if ax.get_legend() is None else [ax.get_legend()]
    return {
        **{text.get_text(): text.get_window_extent() for text in ax.texts},
        **{each: each.get_window_extent() for each in legend},
    }


@pytest.mark.parametrize("name", ["ucr_critical_difference", "ucr_score_time"])
def test_labels_do_not_overlap(pictures, name):
    boxes = list(texts(pictures[name]).values())
    assert len(boxes) > 8
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_no_label_lies_on_a_line_or_a_point(pictures):
    figure = pictures["ucr_score_time"]
    boxes = list(texts(figure).values())
    [ax] = figure.axes
    for line in ax.get_lines():
        on_screen = line.get_transform().transform_path(line.get_path()).interpolated(200)
        assert not any(box.contains(*vertex) for box in boxes for vertex in on_screen.vertices)


def test_our_methods_are_in_bold(pictures):
    weights = {
        text.get_text().split(" (")[0]: text.get_fontweight()
        for text in pictures["ucr_critical_difference"].axes[0].texts
    }
    assert {name for name, weight in weights.items() if weight == "bold"} == {
        "StateSpaceRidge",
        "S4D",
        "S4D, three networks' mean",
    }
