# `make demo` and `make test` do all the set-up that is missing.
VENV ?= .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
export PYSPARK_PYTHON := $(abspath $(PY))

.PHONY: setup demo test test-long lint lock bench clean

$(READY): pyproject.toml setup/constraints.txt setup/build.txt setup/install.sh setup/horovod.sh \
          setup/compiler.sh setup/jars.py
	@setup/install.sh $(VENV)
	@touch $(READY)

setup: $(READY)

demo: $(READY)
	@$(VENV)/bin/aisles demo

lint: $(READY)
	$(VENV)/bin/ruff check --no-cache . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy

test: $(READY) lint
	$(PY) -m pytest -m "not long" -n 2 --dist loadfile --no-loadscope-reorder

test-long: $(READY)
	$(PY) -m pytest -m long

lock:
	$(VENV)/bin/uv pip compile -q --no-header --no-emit-index-url --no-annotate \
	  --python-version 3.11 setup/pins.in -o setup/constraints.txt

clean:
	rm -rf demo dist build
