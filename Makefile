# Two commands matter: `make run` tries the program on a simulated alarm, `make test` runs every check; `make fast` runs
# the quick ones; `make test-long` tries twice as many examples, every variant of a fault, and lives the simulated
# month.
PYTHON ?= python3
VENV := .venv
PEERS := .venv-bench
LOWEST := .venv-lowest
TOOLS := .venv-tools
SITE := .venv-site
BIN := $(VENV)/bin
CLIENTS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/verisure-emulator/clients
WORDS := emulator/words/locale
# The calls that make sentences, as xgettext names them; tests/words reads this line.
SENTENCES := Text counted:1,2 sense:1c,2 say say_counted:1,2
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
# Files of pins/ with every library and its hash. The project itself has no hash, and so is installed after them.
PINNED := --no-deps --require-hashes --requirement
ITSELF := --no-deps --no-build-isolation --editable .
WORKERS := --numprocesses auto --dist loadscope --no-loadscope-reorder

# Programs that tests start by the hundred would compile themselves each time.
unexport PYTHONDONTWRITEBYTECODE

# Tests that start no program, open no socket and wait for nothing, but for a few in tests/store.
FAST := tests/alarm tests/config tests/store tests/words tests/test_architecture.py tests/test_citations.py tests/test_model.py \
	$(filter-out %/test_simulated.py,$(wildcard tests/clouds/*/test_*.py)) \
	$(addsuffix .py,$(addprefix tests/lan/test_,access callback http1 limits outbox ssdp upnp)) \
	$(addsuffix .py,$(addprefix tests/doors/,hue/test_bridge hue/test_names hue/test_values wemo/test_description wemo/test_soap))

# A function beside its only user is easier to read than far from it.
JAVASCRIPT := --deny correctness --deny suspicious --allow unicorn/consistent-function-scoping emulator

MOST := --quiet --numprocesses 2 --dist loadscope -m 'not long and not hypothesis' $(FAST) tests/app/test_settings.py tests/test_pair.py

.PHONY: run fast test tests types compiled test-long lowest newest pins release lint-packaging clients fuzz words docs bench bench-fleet abuse clean

run: $(VENV)/installed
	$(BIN)/emulator run $(ARGS)

test: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/oxlint $(JAVASCRIPT)
	@$(MAKE) --no-print-directory --jobs=2 tests types

# For the seconds between two edits. One part is `make test ARGS=tests/doors/wemo`.
fast: $(VENV)/installed-dev
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadscope -m 'not long and not hypothesis' $(FAST)

tests: compiled
	$(BIN)/python -m pytest $(or $(ARGS),--quiet $(WORKERS) -m 'not long' --cov --cov-report=term)

# In the time that tests wait for programs.
types: $(VENV)/installed-dev
	nice $(BIN)/mypy

# Once, for programs that tests start and for the workers, of which each would do it for itself.
compiled: $(VENV)/installed-dev
	$(BIN)/python -m compileall -q emulator
	$(BIN)/python -c 'from hypothesis import strategies; strategies.text().validate()' # writes its table of letters
	$(BIN)/python -m pytest --collect-only --quiet --quiet > /dev/null || true

test-long: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(or $(ARGS),--quiet $(WORKERS) -m 'long or hypothesis' --hypothesis-profile=long)

# With the lowest versions that pyproject.toml allows, and with the newest that there are, what uses them most.
lowest: $(LOWEST)/installed
	$(LOWEST)/bin/python -m pytest $(or $(ARGS),$(MOST))

# All of it, and with another Python: `make test-long VENV=.venv-newest NEWEST=yes PYTHON=python3.13`.
newest:
	@$(MAKE) --no-print-directory .venv-newest/installed-dev VENV=.venv-newest NEWEST=yes
	.venv-newest/bin/python -m pytest $(or $(ARGS),$(MOST))

# pins/ anew: the newest versions that pyproject.toml allows.
pins: $(TOOLS)/installed
	PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" $(PYTHON) packaging/pin.py

# Sdist, wheel, SBOM and checksums of the last commit into dist/, built twice and tried. ARGS=--untagged before its CHANGELOG.
release: $(TOOLS)/installed
	$(PYTHON) packaging/release.py $(ARGS)

# Images, scripts, units and workflows by their linters. actionlint and systemd-analyze are taken where they are.
UNITS := packaging/verisure-emulator.service packaging/verisure-emulator.socket
lint-packaging: $(TOOLS)/installed
	$(TOOLS)/bin/hadolint Dockerfile packaging/home-assistant/Dockerfile
	$(TOOLS)/bin/shellcheck .ci/run packaging/home-assistant/run.sh
	@command -v actionlint > /dev/null || echo 'actionlint is not here: the workflows were not looked at'
	! command -v actionlint > /dev/null || PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" actionlint
	@command -v systemd-analyze > /dev/null || echo 'systemd-analyze is not here: the units were not looked at'
	@# It looks for the program, too, which is not in its place.
	! command -v systemd-analyze > /dev/null || { units=$$(mktemp -d) && cp $(UNITS) $$units && \
		sed -i 's,^ExecStart=[^ ]*,ExecStart=/bin/true,' $$units/*.service && systemd-analyze verify $$units/*; }

# Client programs from npm, and Matter's C++ controller from PyPI, which make test-long drives where they are: outside
# the repository, and only by hand.
clients:
	mkdir -p $(CLIENTS)
	cp tests/netns/clients/node/package.json $(CLIENTS)
	npm install --prefix $(CLIENTS) --ignore-scripts --no-audit --no-fund --loglevel=error
	mkdir -p $(CLIENTS)/bridge
	cp emulator/doors/matter/bridge/package.json emulator/doors/matter/bridge/package-lock.json $(CLIENTS)/bridge
	npm ci --prefix $(CLIENTS)/bridge --ignore-scripts --no-audit --no-fund --loglevel=error
	$(PYTHON) -m venv $(CLIENTS)/matter
	$(CLIENTS)/matter/bin/pip install --quiet --disable-pip-version-check 'python-matter-server[server]==7.0.1'
	@# It writes into /data, which nobody has; now it does where it is started.
	sed -i 's,/data/chip_,./././chip_,g' $(CLIENTS)/matter/lib/python3*/site-packages/chip/_ChipDeviceCtrl.so

# Longer than the suite does it: every parser that a stranger's bytes reach, for a minute each. ARGS: see fuzz/__main__.py
fuzz: $(VENV)/installed-dev
	$(PIP) --editable '.[fuzz]'
	$(BIN)/python -m fuzz $(ARGS)

# The catalogues anew from the sentences in the source; then translate what is new in emulator/words/locale, and once more.
words: $(VENV)/installed-dev
	$(BIN)/pybabel --quiet extract --mapping babel.cfg $(addprefix --keyword=,$(SENTENCES)) \
		--no-location --sort-output --omit-header --output $(WORDS)/emulator.pot emulator
	$(BIN)/pybabel --quiet update --input-file $(WORDS)/emulator.pot --output-dir $(WORDS) --domain emulator \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 120
	rm $(WORDS)/emulator.pot
	$(BIN)/pybabel --quiet compile --directory $(WORDS) --domain emulator

# The site of the pages in docs/, as site/; once its libraries are there it needs no network. To look at it, search
# included: `python3 -m http.server --directory site`.
docs: $(SITE)/installed
	NO_MKDOCS_2_WARNING=1 $(SITE)/bin/mkdocs build --strict

# The program beside what people use instead, in a quarter of an hour; ARGS=quick for a look, ARGS=answers for one part.
bench: $(VENV)/installed $(PEERS)/installed
	$(BIN)/python -m bench $(ARGS)

# The cost of the MQTT door, and 200 homes on one mosquitto, in ten minutes; ARGS=quick for a look, ARGS=homes for one part.
bench-fleet: $(VENV)/installed
	$(PIP) --editable '.[mqtt]'
	$(BIN)/python -m bench.fleet $(ARGS)

# What a peer may do to the program, on purpose or broken, and whether the others notice, in five minutes; ARGS=--quick for a look.
abuse: $(VENV)/installed
	$(BIN)/python -m bench.abuse $(ARGS)

$(PEERS)/installed: bench/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check --requirement bench/peers.txt
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check --target $(PEERS)/uvloop uvloop
	@# What it measures, too, besides PyPI: see docs/performance.md.
	@command -v redis-server > /dev/null || test "$$(id -u)" != 0 || apt-get install --yes --quiet redis-server || true
	touch $@

$(VENV)/installed: pyproject.toml pins/slim.txt pins/build.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) $(PINNED) pins/slim.txt --requirement pins/build.txt
	$(PIP) $(ITSELF)
	touch $@

# Compiled when it is imported, as most of it never is; and by a pip of today, which needs a third of the time.
$(VENV)/installed-dev: pyproject.toml $(if $(NEWEST),,pins/pip.txt pins/dev.txt)
	$(PYTHON) -m venv $(VENV)
ifdef NEWEST
	$(PIP) --upgrade pip
	$(PIP) --no-compile --editable '.[dev]'
else
	$(PIP) $(PINNED) pins/pip.txt
	$(PIP) --no-compile $(PINNED) pins/dev.txt
	$(PIP) --no-compile $(ITSELF)
endif
	touch $(VENV)/installed $@

$(TOOLS)/installed: pins/tools.txt
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check $(PINNED) pins/tools.txt
	touch $@

$(SITE)/installed: pins/docs.txt
	$(PYTHON) -m venv $(SITE)
	$(SITE)/bin/pip install --quiet --disable-pip-version-check $(PINNED) pins/docs.txt
	touch $@

$(LOWEST)/installed: pyproject.toml
	$(PYTHON) -m venv $(LOWEST)
	$(PYTHON) tests/support/lowest.py > $(LOWEST)/constraints.txt
	$(LOWEST)/bin/pip install --quiet --disable-pip-version-check --upgrade pip
	$(LOWEST)/bin/pip install --quiet --disable-pip-version-check --no-compile --constraint $(LOWEST)/constraints.txt \
		--editable '.[homekit,mqtt,notify]' babel blockbuster hypothesis pytest pytest-cov pytest-xdist
	touch $@

clean:
	rm -rf $(VENV) $(PEERS) $(LOWEST) $(TOOLS) $(SITE) site .venv-newest .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
