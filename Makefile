# What there is to do in this checkout. Everything is installed into .venv, from lock files that name every hash.
# `make` alone lists the targets. ARGS="…" goes to the command, PYTEST_ARGS="…" to pytest.

VENV    := .venv
BIN     := $(VENV)/bin
ARGS    ?=
# Tests run in as many processes as this; each starts its own servers when it needs them. 0 is one process. They wait as much as
# they compute, so two cores carry three or four.
WORKERS ?= 3
PYTEST_ARGS ?=
# Kills in `make crash`, on each of the five pairs of platform and store; a third or a quarter as often every other trouble.
RUNS    ?= 200
SHOTS   ?= tests/browser/shots.py
BENCH   ?= $(sort $(wildcard bench/*.py))
BROWSER := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
LOCKS   := run dev web

# The first Python of 3.11 or later that really runs (version managers leave names that do not). PY=… takes another.
find_python = PY="$(PY)"; if [ -z "$$PY" ]; then \
	for each in python3.11 python3.12 python3.13 python3; do \
	  if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then PY="$$each"; break; fi; done; fi; \
	if [ -z "$$PY" ]; then echo "Python 3.11 or later is needed: install it, or say make PY=/path/to/python" >&2; exit 1; fi

# $(call sync,LOCK): by uv when it could be had (it then asks the index that pip is told to ask), else by pip.
# Both check every hash.
define sync
	@echo "installing $(1)"; PIP="$(BIN)/python -m pip --disable-pip-version-check"; \
	index="$${PIP_INDEX_URL:-$$($$PIP config get global.index-url 2>/dev/null || true)}"; \
	if [ -n "$$index" ]; then UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}"; export UV_DEFAULT_INDEX; fi; \
	if [ -x $(BIN)/uv ] && $(BIN)/uv pip install -q -p $(BIN)/python --require-hashes -r $(1); then :; \
	else echo "(with pip, which takes a little longer)"; $$PIP install -q --require-hashes -r $(1); fi
	@touch $@
endef

# Where Python is told to write no bytecode it compiles every package at every start: the demo keeps its own.
quick = $(if $(PYTHONDONTWRITEBYTECODE),env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX="$(CURDIR)/var/pycache")

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: setup run test check bench shots lock crash fuzz dev-prod doctor help

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(VENV)/.run  ## set up .venv to run the bot (the other targets do so themselves)

run: $(VENV)/.run  ## the demo: SQLite, both platforms simulated, a console in the browser
	@$(quick) $(BIN)/python main.py demo $(ARGS)

test: $(VENV)/.dev $(if $(and $(wildcard tests/browser),$(BROWSER)),$(VENV)/.web)  ## all tests, with a real PostgreSQL and a real Redis
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --durations 20 --cache-clear $(PYTEST_ARGS) || { \
	  grep -qs :: .pytest_cache/v/cache/lastfailed || exit 1; \
	  echo "== what failed is run once more, alone: passes it now, it needs mending all the same"; \
	  $(BIN)/python -m pytest -q --last-failed --last-failed-no-failures none --maxfail 3 $(PYTEST_ARGS); }

check: $(VENV)/.dev  ## format, lint, types, import contracts, lock files
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@if grep -nE '[a-z]+://|^ *-' requirements/*.lock | grep -v -- '--hash='; then \
	  echo "a lock file names an address or an option; make lock writes it without" >&2; exit 1; fi

bench: $(VENV)/.dev  ## benchmarks, one after the other; BENCH=bench/… for one
	@for each in $(BENCH); do echo "== $$each"; PYTHONPATH=. $(BIN)/python -P "$$each" $(ARGS) || exit 1; done

crash: $(VENV)/.dev  ## the long crash tests; RUNS=… kills on each platform and store
	@GENJIN_CRASH_RUNS=$(RUNS) $(BIN)/python -m pytest -q --timeout 0 tests/crash $(PYTEST_ARGS)

fuzz: $(VENV)/.dev  ## malformed input of every kind; RUNS=100000 of each
	@GENJIN_FUZZ_RUNS=$(if $(filter file,$(origin RUNS)),100000,$(RUNS)) $(BIN)/python -m pytest -q -s --timeout 0 tests/fuzz $(PYTEST_ARGS)

shots: $(VENV)/.web  ## pictures for the README, taken from the running demo
	@PYTHONPATH=. $(BIN)/python $(SHOTS) $(ARGS)

dev-prod: $(VENV)/.dev  ## the demo on PostgreSQL and Redis, both brought along and gone at the end
	@$(BIN)/python tests/servers.py run $(BIN)/python main.py demo $(ARGS)

doctor: $(VENV)/.run  ## look the installation over: what is wrong, why, how to fix it
	@$(BIN)/python main.py doctor $(ARGS)

lock: $(VENV)/.uv  ## write the lock files anew from pyproject.toml; ARGS=--upgrade for newer versions
	@compile="$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(ARGS)"; \
	$$compile pyproject.toml -o requirements/run.lock >/dev/null && \
	$$compile pyproject.toml -c requirements/run.lock --group dev -o requirements/dev.lock >/dev/null && \
	$$compile pyproject.toml -c requirements/run.lock --group dev --group web -o requirements/web.lock >/dev/null && \
	$$compile pyproject.toml -c requirements/run.lock --extra lac -o requirements/lac.lock >/dev/null && \
	echo uv | $$compile - -o requirements/uv.lock >/dev/null

$(BIN)/python:
	@$(find_python); "$$PY" -m venv --clear $(VENV) || { rm -rf $(VENV); \
	  echo "This Python cannot make virtual environments. Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# Without uv all goes on with pip, so a failure here is none.
$(VENV)/.uv: requirements/uv.lock | $(BIN)/python
	@$(BIN)/python -m pip --disable-pip-version-check install -q --require-hashes -r $< || echo "(no uv here; pip does it)"
	@touch $@

$(addprefix $(VENV)/.,$(LOCKS)): $(VENV)/.%: requirements/%.lock | $(VENV)/.uv
	$(call sync,$<)
