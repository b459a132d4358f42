"""scikit-learn's own checks, all of them, with a small network."""

import pytest
import sklearn
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks
from sklearn.utils.fixes import parse_version

import ssm_estimators
from ssm_estimators.random_features import StateSpaceFeatures

SMALL = {"d_model": 16, "n_layers": 1, "max_epochs": 30, "random_state": 0, "device": "cpu"}
KERNELS = {"n_kernels": 256, "random_state": 0}
DEEP = [cls for cls in (getattr(ssm_estimators, name) for name in ssm_estimators.__all__) if hasattr(cls, "_layer")]
ESTIMATORS = [cls(**SMALL) for cls in DEEP] + [
    cls(**SMALL, liquid=liquid)
    for liquid in ("pb", "degree", "exact")
    for cls in (ssm_estimators.LiquidS4Classifier, ssm_estimators.LiquidS4Regressor)
]
ESTIMATORS += [
    ssm_estimators.StateSpaceRidgeClassifier(**KERNELS),
    ssm_estimators.StateSpaceRidgeRegressor(**KERNELS),
    ssm_estimators.StateSpaceEnsembleClassifier(
        features=ssm_estimators.StateSpaceRidgeClassifier(**KERNELS),
        deep=ssm_estimators.S4DClassifier(**{**SMALL, "max_epochs": 10}),
        cv=2,
        random_state=0,
    ),
    StateSpaceFeatures(**KERNELS),
]
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "a case of weight 2 is not the same case twice: batches are drawn among cases, and batch norm and dropout see "
        "each of them once"
    )
}


def expected_failures(estimator):
    """None where nothing is trained by gradients."""
    trained = type(estimator) in (*DEEP, ssm_estimators.StateSpaceEnsembleClassifier)
    return EXPECTED_FAILURES if trained else {}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures, xfail_strict=True)
def test_check_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_no_check_is_left_out(estimator):
    tags = estimator.__sklearn_tags__()
    assert tags.input_tags.two_d_array
    assert tags.input_tags.three_d_array
    assert not tags.non_deterministic
    n_checks = len(list(estimator_checks_generator(estimator, mark=None)))
    newest = parse_version(sklearn.__version__) >= parse_version("1.9")
    of_a_classifier = (62 if "class_weight" in estimator.get_params(deep=False) else 61) + newest
    assert n_checks >= {"classifier": of_a_classifier, "regressor": 59, None: 53}[tags.estimator_type]
