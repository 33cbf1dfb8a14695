# Everything on a fresh machine with Python ≥ 3.11 and make. Each target makes .venv if it is not there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MODULES := book/node_modules/.package-lock.json

.PHONY: help lab studio picture test test-fast test-notebooks soak bench quality lint notebooks gallery controls diagrams html pdf slides clean panels engine book graders poster blocks

help:
	@echo "make lab        open the course in JupyterLab"
	@echo "make studio     the studio panel as a page of its own, without code"
	@echo "make picture    CONTENT=photograph.jpg [STYLE=starry_night] [OUT=picture.png] [FORCE=1]: paint it"
	@echo "make test       all tests, notebooks included (make test-fast leaves the slow ones out)"
	@echo "make soak       the long form of the tests of endurance: runs, faults, damaged files (half an hour)"
	@echo "make bench      measure: against the machine's limit, against a textbook loop (a quarter of an hour)"
	@echo "make quality    measure pictures: ours, the paper's choices, an older program's (hours)"
	@echo "make gallery    render the large pictures of the course again where a default has changed (an hour or more)"
	@echo "make controls   render the pictures of docs/controls.md again, likewise (a quarter of an hour)"
	@echo "make diagrams   draw the diagrams of the course again, likewise (half a minute)"
	@echo "make notebooks  run the notebooks again and store their outputs"
	@echo "make html       the course as one page without a network; likewise make pdf, make slides (a lecture)"
	@echo "make engine     what computes in a page without a kernel: graphs, weights, onnxruntime-web (fetched by npm)"
	@echo "make poster     CONTENT=photograph.jpg [STYLE=…] [SIZE=4096] [MINUTES=110] [OUT=poster.png]: in blocks; run it again to go on"
	@echo "make blocks     measure a picture in blocks against the whole picture (SIZES=\"1024 2048 4096\": an hour)"
	@echo "make lint       check style and types only"
	@echo "make panels     photograph the live panels again for the book (some minutes)"
	@echo "make book       the course as a site, in artifacts/book; styletools book serves it"
	@echo "make graders    try what is built for nbgrader and Otter-Grader with them, and grade a class of two hundred"

# torch is large: the first run downloads a few GB, unless a small CPU-only pair was installed before (see README).
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "styletools needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[lab,test]'
	touch $(READY)

lab: $(READY)
	$(BIN)/styletools lab

studio: $(READY)
	$(BIN)/styletools studio

CONTENT ?= chelsea
STYLE ?= starry_night
OUT ?= picture.png
picture: $(READY)
	$(BIN)/styletools transfer "$(CONTENT)" "$(STYLE)" -o "$(OUT)" $(if $(FORCE),--force)

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Two processes with one thread each: faster than one with two, since most tests are small. A file stays together.
TOGETHER := OMP_NUM_THREADS=1 $(BIN)/pytest --dist loadfile

test: lint $(MODULES)
	$(TOGETHER) -n 2
	$(MAKE) test-notebooks

test-fast: lint
	$(TOGETHER) -n 2 -m "not slow"

# The long form of tests/soak: runs, restarts, faults and damaged files by the hundred, about half an hour.
soak: $(READY)
	STYLETOOLS_SOAK=1 OMP_NUM_THREADS=1 $(BIN)/pytest tests/soak -s

# Each notebook is run from top to bottom and its text outputs are compared with those stored in it
# (pictures are not: what matters about them is asserted in the cells). Three at a time, because a process waits for its
# kernel, and in their order: otherwise those of few cells come last, and they may be the long ones.
test-notebooks: $(READY)
	STYLETOOLS_SYNCHRONOUS=1 $(TOGETHER) -n 3 --no-loadscope-reorder --nbval --nbval-current-env --nbval-cell-timeout=300 \
	  --nbval-kernel-startup-timeout=300 \
	  --nbval-sanitize-with tests/nbval.cfg notebooks

bench: $(READY)
	$(BIN)/python -m benchmarks

quality: $(READY)
	$(BIN)/python -m benchmarks.quality 256 512

notebooks: $(READY)
	STYLETOOLS_SYNCHRONOUS=1 $(BIN)/python scripts/run_notebooks.py

# Stopped at any time, it goes on where it was.
gallery: $(READY)
	$(BIN)/python scripts/gallery.py

controls: $(READY)
	$(BIN)/python scripts/controls.py

diagrams: $(READY)
	$(BIN)/python scripts/diagrams.py

# The course without a network, in artifacts/: one page, one PDF (which needs Chromium), slides for a lecture.
html pdf slides: $(READY)
	$(BIN)/python scripts/export.py $@

clean:
	rm -rf $(VENV) artifacts .pytest_cache .mypy_cache .ruff_cache .hypothesis

panels: $(READY)
	$(BIN)/python scripts/panels.py

# What the book needs from npm, exactly as the lock file has it; afterwards it is built without a network.
$(MODULES): book/package-lock.json $(READY)
	$(BIN)/python -m book install

book: $(READY) $(MODULES) engine
	OMP_NUM_THREADS=1 $(BIN)/python -m book

# What computes in a page without a kernel, in artifacts/engine: graphs from the package's own equations, its weights, and
# the runtime, which npm fetches (Node comes from the machine, or from PyPI with the tests' packages).
engine: $(READY)
	$(BIN)/python scripts/export_browser.py

# Both are installed into an environment of their own, for which this needs a network.
graders: $(READY)
	STYLETOOLS_GRADERS=1 STYLETOOLS_SOAK=1 OMP_NUM_THREADS=1 $(BIN)/pytest tests/course/test_graders.py tests/course/test_grading.py

# What was stopped, or killed, goes on from OUT.state when the same command is given again.
SIZE ?= 4096
MINUTES ?= 110
poster: OUT = poster.png
poster: $(READY)
	$(BIN)/styletools transfer "$(CONTENT)" "$(STYLE)" --size $(SIZE) --minutes $(MINUTES) -o "$(OUT)"

SIZES ?= 1024 2048
blocks: $(READY)
	$(BIN)/python -m benchmarks.blocks $(SIZES)
	$(BIN)/python -m benchmarks.blocks histories
