# Two commands matter: `make run` tries the program on a simulated alarm, `make test` runs every check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test clean

run: $(VENV)/installed
	$(BIN)/emulator run $(ARGS)

test: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	@# Side by side: the LAN tests have networks of their own, and mostly wait.
	@$(BIN)/python -m pytest --quiet tests/lan > $(VENV)/lan.log 2>&1 & lan=$$!; \
	trap 'kill $$lan 2>/dev/null' INT TERM; \
	$(BIN)/python -m pytest --quiet --ignore tests/lan --cov --cov-report=term; rest=$$?; \
	wait $$lan; lan=$$?; cat $(VENV)/lan.log; \
	exit $$((rest || lan))
endif

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
