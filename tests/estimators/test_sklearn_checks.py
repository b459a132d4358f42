"""scikit-learn's own checks, all of them, with a small network."""

import pytest
import sklearn
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks
from sklearn.utils.fixes import parse_version

import ssm_estimators

SMALL = {"d_model": 16, "n_layers": 1, "max_epochs": 30, "random_state": 0, "device": "cpu"}
ESTIMATORS = [getattr(ssm_estimators, name)(**SMALL) for name in ssm_estimators.__all__] + [
    cls(**SMALL, liquid=liquid)
    for liquid in ("pb", "degree", "exact")
    for cls in (ssm_estimators.LiquidS4Classifier, ssm_estimators.LiquidS4Regressor)
]
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "a case of weight 2 is not the same case twice: batches are drawn among cases, and batch norm and dropout see "
        "each of them once"
    )
}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=lambda estimator: EXPECTED_FAILURES, xfail_strict=True)
def test_check_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_no_check_is_left_out(estimator):
    tags = estimator.__sklearn_tags__()
    assert tags.input_tags.two_d_array
    assert tags.input_tags.three_d_array
    assert not tags.non_deterministic
    n_checks = len(list(estimator_checks_generator(estimator, mark=None)))
    of_a_classifier = 63 if parse_version(sklearn.__version__) >= parse_version("1.9") else 62
    assert n_checks >= (of_a_classifier if tags.estimator_type == "classifier" else 59)
