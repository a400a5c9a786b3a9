# make demo, make test and make lint each do all the set-up they need, once, in .venv/.

PYTHON ?= python3
SPEECH ?= ../shared/data/speech
NOISE ?= ../shared/data/noise
MODEL ?= build/train/model.npz
WAV ?=

BIN := .venv/bin
SETUP := pyproject.toml setup.py constraints.txt host/nibblestream/__init__.py
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test lint train bench notebooks clean

demo: .venv/demo.stamp ## enhance a noisy recording, the bundled one or WAV=file
	$(BIN)/python -m nibblestream.demo $(if $(WAV),--wav "$(WAV)")

test: .venv/dev.stamp ## run all tests
	$(BIN)/python -m pytest

lint: .venv/lint.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
