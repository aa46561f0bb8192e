# The virtual environment is made once and again whenever setup.cfg changes.
PYTHON ?= python3
RUN = .venv/bin/python
RUFF_OPTIONS = $(shell sed -n "/^\[ruff\]/,/^$$/s/^\([a-z.-]* = .*\)/--config '\1'/p" setup.cfg)

.PHONY: demo test lint clean

demo: .venv/core
	$(RUN) -m walkthroughs.demo

test: .venv/test
	$(RUN) -m pytest

lint: .venv/test
	$(RUN) -m ruff check $(RUFF_OPTIONS)
	$(RUN) -m ruff format --quiet --check $(RUFF_OPTIONS)
	$(RUN) -m mypy

.venv/core: setup.cfg
	$(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/test: .venv/core
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

clean:
	rm -rf .venv runs build dist *.egg-info
