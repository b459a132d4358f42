# Two commands, each complete on a fresh machine with Python 3.11 or newer and make:
#   make demo    classify and regress the series of sktime, with pictures
#   make test    lint, types, layering, the whole suite
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
# where a virtual environment has its programs; on Windows, run make in the shell of Git
SCRIPTS = $(if $(filter Windows_NT,$(OS)),Scripts,bin)
BIN = .venv/$(SCRIPTS)
ENVIRONMENT = .venv/pyvenv.cfg

.PHONY: demo test test-full bench aeon docs wheel-check lowest clean

demo: .venv/demo
	$(BIN)/python examples/quickstart.py

test: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m benchmarks.structure.lines --most 300 ssm_estimators tests benchmarks
	@# the GPU's kernels, interpreted on the CPU: where there is Triton, on Linux
	$(BIN)/python -c 'import triton' 2> /dev/null || exit 0; OMP_NUM_THREADS=1 TRITON_INTERPRET=1 $(BIN)/python -m pytest -n auto tests/functional/test_scan.py tests/functional/test_triton.py tests/functional/test_triton_offsets.py
	OMP_NUM_THREADS=1 SCIPY_ARRAY_API=1 $(BIN)/python -m pytest -n auto

# the long runs: scikit-learn's checks with the default network, sktime's of every forecaster
test-full: test
	OMP_NUM_THREADS=1 SCIPY_ARRAY_API=1 $(BIN)/python -m pytest -n auto -m full

bench: .venv/test
	$(BIN)/python -m benchmarks.speed.block --profile quick

# our estimators among aeon's tools, in an environment of its own
aeon: $(ENVIRONMENT)
	$(PYTHON) -m venv benchmarks/peers/.venv
	benchmarks/peers/.venv/$(SCRIPTS)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers/requirements.txt pytest -e .
	cd benchmarks/peers && .venv/$(SCRIPTS)/python -m pytest -c /dev/null --rootdir . -p no:cacheprovider test_aeon.py

# the wheel alone, in a fresh environment, runs the quickstart's first ten lines
wheel-check: .venv/test
	rm -rf build/wheel && $(BIN)/python -m build --wheel -o build/wheel
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/$(SCRIPTS)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt build/wheel/*.whl
	head -n 10 examples/quickstart.py > build/wheel/first_lines.py
	cd build/wheel && venv/$(SCRIPTS)/python first_lines.py

# the suite with the lowest versions that pyproject.toml allows
lowest: $(ENVIRONMENT)
	$(PYTHON) -m venv build/lowest
	build/lowest/$(SCRIPTS)/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt -e '.[test]'
	OMP_NUM_THREADS=1 SCIPY_ARRAY_API=1 build/lowest/$(SCRIPTS)/python -m pytest -n auto

# pages of the public classes and functions, in build/docs
docs: $(ENVIRONMENT)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	$(BIN)/python -m pdoc --docformat numpy --math -o build/docs $(addprefix ssm_estimators.,estimators forecasting sktime random_features layers networks functional training series datasets visualisation)

$(ENVIRONMENT):
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) not found: install Python 3.11 or newer, or name it: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old: install Python 3.11 or newer, or name it: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo "$(PYTHON) lacks the venv module: install it (Debian, Ubuntu: apt install $(PYTHON)-venv)"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/demo: $(ENVIRONMENT) pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[plots]'
	@touch $@

.venv/test: $(ENVIRONMENT) pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

clean:
	rm -rf .venv build dist examples/output
