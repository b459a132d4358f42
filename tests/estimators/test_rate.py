"""One fit, predictions of the same signals sampled more coarsely."""

import numpy as np

TIME = np.arange(200)


def _sines(n_cases, seed):
    """Sines whose frequency is slow or fast, smooth enough to be halved in rate; the slow at half rate seem fast."""
    rng = np.random.default_rng(seed)
    labels = np.array(["slow", "fast"])[np.arange(n_cases) % 2]
    frequency = np.where(labels == "slow", 0.06, 0.12) * rng.uniform(0.95, 1.05, n_cases)
    phase = rng.uniform(0, 2 * np.pi, (n_cases, 1))
    return np.sin(frequency[:, None] * TIME + phase)[:, None].astype(np.float32), labels


def test_half_the_samples_are_the_same_signals(make_deep, any_class):
    (X, labels), (X_test, labels_test) = _sines(40, 0), _sines(20, 1)
    classify = "Classifier" in any_class.__name__
    y, wanted = (labels, labels_test) if classify else ((labels == "fast") + 0.0, (labels_test == "fast") + 0.0)
    estimator = make_deep(d_state=8, max_epochs=30, standardize="channel").fit(X, y)

    def share_right(**kwargs):
        predicted = estimator.predict(X_test[..., ::2], **kwargs)
        return np.mean(predicted == wanted if classify else np.abs(predicted - wanted) < 0.5)

    assert share_right(rate=2) >= 0.9
    assert share_right() <= 0.6  # slow ones look fast
    full = estimator.predict_proba if classify else estimator.predict
    np.testing.assert_array_equal(full(X_test, rate=1), full(X_test))
