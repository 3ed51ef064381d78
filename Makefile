# Needs python3 (3.11 or newer) with pip, git and make; everything else is installed into .venv.
# Another Python: make test PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin

# pyright comes with its own JavaScript and Node.js; it shall not look for newer ones.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

# Whoever forbids compiled modules has each of the many processes compile all it imports again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench bench-peers eval shots judge sweep lock clean venv

help: ## List these targets
	@echo "Usage: make <target> [PYTHON=python3.12]"
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)$$/\1 \2/p' $(MAKEFILE_LIST) \
		| while read -r target text; do printf '  %-11s %s\n' "$$target" "$$text"; done

demo: venv ## Run the whole product on this machine, with stand-ins for Slack, Oracle and the model
	@$(BIN)/python -m sandbox.demo

test: venv ## Run all tests in parallel
	@$(BIN)/pytest -q

check: venv ## Check style, format and types (ruff, pyright)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright

format: venv ## Format the code and apply safe fixes
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: venv ## Measure everything against a bound or a peer (minutes)
	@$(BIN)/python -m bench.run

bench-peers: .venv-bench/.ready ## Install dlt and sling beside, which make bench then measures too

.venv-bench/.ready: requirements/bench.txt
	@$(PYTHON) -m venv --clear --without-pip .venv-bench
	@$(PYTHON) -m pip --python .venv-bench/bin/python install --quiet --disable-pip-version-check \
		--only-binary :all: --require-hashes -r requirements/bench.txt
	@touch $@

eval: venv ## Judge the agent on its cases; with OPENAI_API_KEY by that model (ARGS=... as docs/evals.md)
	@$(BIN)/python -m tests.evals.run $(ARGS)

shots: venv ## Take a picture of every card and view into docs/shots/ (needs chromium, fonts-noto-cjk)
	@$(BIN)/python -m sandbox.shots

judge: venv ## Let other Oracle clients read the stand-in (installs them under build/)
	@$(BIN)/python -m sandbox.judges

sweep: venv ## Run the long sweeps: kills, storms, forgeries, outages (over an hour)
	@$(BIN)/pytest -q -m sweep --timeout 3600

lock: ## Pin the newest allowed versions, with hashes, in requirements/*.txt
	@$(PYTHON) scripts/lock.py

venv: ## Prepare .venv (every target above does it by itself)
	@$(PYTHON) scripts/bootstrap.py

clean: ## Remove .venv, caches and what was built
	@rm -rf .venv .venv-lock .venv-bench build dist .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
