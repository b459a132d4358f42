"""scikit-learn's checks with the default network: long, see `make test-full`."""

import pytest
from sklearn.utils.estimator_checks import check_estimator

import ssm_estimators


@pytest.mark.full
@pytest.mark.parametrize("name", ssm_estimators.__all__)
def test_all_checks_with_the_defaults(name):
    results = check_estimator(getattr(ssm_estimators, name)(random_state=0), on_fail=None)
    not_passed = {result["check_name"] for result in results if result["status"] != "passed"}
    assert not_passed == (set() if "Ridge" in name else {"check_sample_weight_equivalence_on_dense_data"})
    assert len(results) >= (63 if "Classifier" in name else 59)
