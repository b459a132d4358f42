"""Series of unequal length go in as a list of arrays (n_channels, n_timepoints)."""

from sktime.datasets import load_japanese_vowels

from ssm_estimators import LiquidS4Classifier


def load(split: str) -> tuple:
    """Utterances of nine speakers: 12 channels, 7 to 29 points."""
    frames, y = load_japanese_vowels(split, return_type="df-list")
    return [frame.to_numpy().T for frame in frames], y


if __name__ == "__main__":
    (X, y), (X_test, y_test) = load("train"), load("test")
    print(len(X), "cases of", X[0].shape[0], "channels; lengths", sorted({x.shape[1] for x in X}))
    clf = LiquidS4Classifier(max_epochs=30, random_state=0, verbose=1).fit(X, y)
    print(f"test accuracy {clf.score(X_test, y_test):.3f}")
