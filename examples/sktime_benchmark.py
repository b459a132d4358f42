"""sktime's ClassificationBenchmark with our classifiers and sktime's own; results and a picture in output/.

python examples/sktime_benchmark.py
"""

from pathlib import Path

from sklearn.metrics import accuracy_score
from sklearn.model_selection import KFold
from sktime.benchmarking.classification import ClassificationBenchmark
from sktime.classification.distance_based import KNeighborsTimeSeriesClassifier
from sktime.classification.dummy import DummyClassifier
from sktime.datasets import load_arrow_head, load_gunpoint, load_unit_test

from ssm_estimators.sktime import S4DClassifier, StateSpaceRidgeClassifier
from ssm_estimators.visualisation import plot_critical_difference

OUTPUT = Path(__file__).parent / "output"
OUTPUT.mkdir(exist_ok=True)

benchmark = ClassificationBenchmark()
benchmark.add_estimator(StateSpaceRidgeClassifier(n_kernels=1000, random_state=0), estimator_id="StateSpaceRidge")
benchmark.add_estimator(S4DClassifier(max_epochs=20, random_state=0), estimator_id="S4D")
benchmark.add_estimator(KNeighborsTimeSeriesClassifier(1, distance="euclidean"), estimator_id="1-NN")
benchmark.add_estimator(DummyClassifier(), estimator_id="most frequent class")
for load in (load_unit_test, load_gunpoint, load_arrow_head):
    folds = KFold(3, shuffle=True, random_state=0)
    benchmark.add_task(load, folds, [accuracy_score], task_id=load.__name__[5:], error_score="raise")

# run() takes up rows that are already in the file, whatever code they came from: here each run is made anew
results_file = OUTPUT / "benchmark.csv"
results_file.unlink(missing_ok=True)
results = benchmark.run(str(results_file))
if benchmark.failed_experiments:
    raise RuntimeError(f"Experiments failed: {benchmark.failed_experiments}")

accuracy = results.pivot(index="validation_id", columns="model_id", values="accuracy_score_mean")
print(accuracy.round(3).to_string())
plot_critical_difference(accuracy).figure.savefig(OUTPUT / "benchmark.png", dpi=120)
print(f"Results and a picture are in {OUTPUT}.")
