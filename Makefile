# A fresh clone needs Python 3.10+, make and a package index: `make demo`, `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUTPUT ?= output

.PHONY: help demo starter test slow nightly lint coverage oldest audit docs data gpu clean check-python
.DELETE_ON_ERROR:

help:
	@echo "make demo   install into $(VENV) and turn a portrait into a cartoon"
	@echo "make starter  small datasets to begin a training with, made without a network connection"
	@echo "make test   install into $(VENV), then make lint and the quick tests"
	@echo "make slow   the tests that take long"
	@echo "make nightly  everything: make lint, the quick tests and those that take long"
	@echo "make lint   ruff (style), mypy (types), pylint (code that stands twice)"
	@echo "make coverage  how many lines of what reads strangers' files are run by its quick tests"
	@echo "make oldest    some quick tests with the oldest dependencies that pyproject.toml admits"
	@echo "make audit     known faults of the installed dependencies, as the package index tells them"
	@echo "make docs   the documentation as a site in build/site, which works offline"
	@echo "make data   link the datasets that lie beside the project into data/"
	@echo "make gpu    on a machine with a graphics card: does everything work there, and how fast"
	@echo "make clean  remove $(VENV) and what tools left behind (never data/, runs/ or $(OUTPUT)/)"

check-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "ppgen needs Python 3.10 or newer: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }

# A stamp file per set of extras holds the seconds its installation took; only a changed pyproject.toml renews it.
# The installation is editable: changed sources need no new one.
define install
@set -e; start=$$(date +%s); \
$(PYTHON) -m venv $(VENV) || { echo "could not make $(VENV): on Debian and Ubuntu, install python3-venv" >&2; exit 1; }; \
$(BIN)/python -m pip install --disable-pip-version-check -e '.[$(1)]'; \
echo $$(( $$(date +%s) - start )) > $@
endef

$(VENV)/.installed-cpu: pyproject.toml | check-python
	$(call install,cpu)

$(VENV)/.installed-docs: pyproject.toml | check-python
	$(call install,docs)

$(VENV)/.installed-test: pyproject.toml | check-python
	$(call install,cpu$(comma)test)

comma := ,

demo: $(VENV)/.installed-cpu
	@echo "installing took $$(cat $<) s (once)"
	@$(BIN)/ppgen demo -o $(OUTPUT)

starter: $(VENV)/.installed-cpu
	@$(BIN)/ppgen data starter

# Two processes of one thread each; a file's tests stay in one of them, so that what they share is made once.
test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not slow'

slow: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2 -m slow

nightly: test slow

# Code that stands twice: six equal lines in a row, comments, docstrings, imports and signatures left out. Every file is
# named, as the folders of tests are no packages and pylint would pass over them.
lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pylint --disable=all --enable=duplicate-code --min-similarity-lines=6 --score=no \
	  $$(find ppgen benchmarks tools applications tests -name '*.py')

coverage: $(VENV)/.installed-test
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m 'not slow' --cov --cov-report=term \
	  tests/io tests/hub tests/config tests/compat tests/runtime tests/prepare/test_unpack.py \
	  tests/prepare/test_archives.py tests/test_cli.py

# In an environment of its own. The app and Ray, whose oldest versions are of today, are left out.
OLDEST := build/oldest
OLD_EXTRAS := cpu heic movie pytest
space := $(subst ,, )
oldest: check-python
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python .ci/oldest.py $(OLD_EXTRAS) > $(OLDEST)/constraints.txt
	$(OLDEST)/bin/python -m pip install --disable-pip-version-check -c $(OLDEST)/constraints.txt \
	  -e '.[$(subst $(space),$(comma),$(OLD_EXTRAS))]'
	$(OLDEST)/bin/python -m pytest -q -m 'not slow' tests/io tests/config tests/hub tests/datasets tests/runtime \
	  tests/export tests/networks/test_stylegan2.py tests/engine/test_resume.py tests/apps/test_photo2cartoon.py

audit: $(VENV)/.installed-test
	$(BIN)/python -m pip install --disable-pip-version-check -q pip-audit
	$(BIN)/pip-audit --skip-editable --progress-spinner off

# `--strict` makes a broken link an error. To read it: python3 -m http.server -d build/site (search needs a server).
docs: $(VENV)/.installed-docs
	$(BIN)/python tools/site_pages.py build/pages
	$(BIN)/zensical build --strict --clean

# Needs nothing installed.
data: check-python
	@$(PYTHON) -m ppgen data link

# With the Python that has Paddle's GPU build, which this never installs: make gpu PYTHON=/path/to/python3
gpu: check-python
	$(PYTHON) benchmarks/gpu.py

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache
	find ppgen tests tools benchmarks applications -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
