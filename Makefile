# The virtual environment is made once and again whenever setup.cfg changes.
PYTHON ?= python3
RUN = .venv/bin/python

.PHONY: demo test lint fix clean

demo: .venv/core
	$(RUN) -m walkthroughs.demo

test: .venv/test
	$(RUN) -m pytest

lint: .venv/test
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --quiet --check .
	$(RUN) -m mypy

.venv/core: setup.cfg
	$(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/test: .venv/core
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

fix: .venv/test
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

clean:
	rm -rf .venv runs build dist *.egg-info
