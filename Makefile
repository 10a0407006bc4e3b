# Everything a developer does, one word each. `make dev` and `make test` need Python 3.11 or later, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The SAM CLI lives apart, because it pins versions that conflict with ours.
SAM := .build/sam/bin/sam
.DEFAULT_GOAL := help
.PHONY: help dev test scenarios kill fuzz check lint bench load build lock docs clean synth

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 8

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Thinkaloud needs Python 3.11 or later, and $(PYTHON) is %d.%d. Try: make dev PYTHON=python3.13" % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt

$(VENV)/local.done: requirements/local.txt pyproject.toml | $(BIN)/uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/local.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.done: requirements/dev.txt $(VENV)/local.done
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

# The page's Markdown libraries; without Node the page shows plain text and says so.
web/node_modules/done: web/package-lock.json
	@if command -v npm >/dev/null; then \
		cd web && npm ci --silent --no-audit --no-fund --ignore-scripts --omit=optional && touch node_modules/done; \
	else echo "Node is not installed: the page will show plain text"; fi

dev: $(VENV)/local.done web/node_modules/done ## the whole cloud on this machine, with the chat page
	@$(BIN)/thinkaloud dev $(ARGS)

# What starts local clouds, or breaks them, takes its time.
SCENARIOS := tests/scenarios tests/localcloud/test_cloud.py tests/console/test_dev_process.py

test: $(VENV)/dev.done $(SAM) web/node_modules/done ## all tests but the scenarios
	@$(BIN)/pytest -n 3 --dist loadfile $(addprefix --ignore=,$(SCENARIOS)) $(ARGS)

scenarios: $(VENV)/dev.done ## whole local clouds, started, stopped and broken: throttling, dead workers, lost connections
	@$(BIN)/pytest -n 2 --dist loadfile $(SCENARIOS) $(ARGS)

kill: $(VENV)/dev.done ## kill the worker of a hundred turns, each at a random moment
	@KILLS=100 $(BIN)/pytest tests/scenarios/test_kill.py $(ARGS)

fuzz: $(VENV)/dev.done ## look for trouble in the stream for longer than the tests do
	@$(BIN)/pytest tests/stream/test_never_lost.py --hypothesis-profile=fuzz $(ARGS)

lint: $(VENV)/dev.done $(SAM) ## format, lint, types, import contract, template
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports >/dev/null || $(BIN)/lint-imports
	@$(BIN)/cfn-lint template.yaml
	@SAM_CLI_TELEMETRY=0 $(SAM) validate --lint --region us-east-1 >/dev/null

check: lint test scenarios ## what CI runs

bench: $(VENV)/dev.done $(SAM) ## measure, and print each figure beside its bar
	@THINKALOUD_BUILD_PLATFORM=host PYTHON=$(abspath $(BIN)/python) SAM_CLI_TELEMETRY=0 \
		$(SAM) build --build-dir .build/host >/dev/null 2>&1
	@$(BIN)/python -m benchmarks $(ARGS)

load: $(VENV)/dev.done ## two hundred answers at once in one process: none lost, and how late they are
	@$(BIN)/python -m benchmarks.load $(ARGS)

docs: $(VENV)/dev.done ## write docs/asyncapi.json and docs/openapi.json from the models
	@$(BIN)/python -m thinkaloud.protocol.asyncapi > docs/asyncapi.json
	@$(BIN)/python -m thinkaloud.api.openapi > docs/openapi.json

clean: ## remove what was built and installed, and the local cloud's state
	rm -rf $(VENV) .build .aws-sam .thinkaloud web/node_modules infra/.venv infra/cdk.out

$(SAM): requirements/sam.txt | $(BIN)/uv
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .build/sam
	@$(BIN)/uv pip install --quiet --python .build/sam/bin/python --require-hashes -r requirements/sam.txt
	@touch $@

build: $(SAM) ## the layer and the functions for Lambda, compiled, in .aws-sam/build (needs a Python 3.13 to compile with)
	@SAM_CLI_TELEMETRY=0 $(SAM) build

# The CDK app, too, has an environment of its own: its library runs on Node.js.
infra/.venv/done: infra/requirements.txt | $(BIN)/uv
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python infra/.venv
	@$(BIN)/uv pip install --quiet --python infra/.venv/bin/python --require-hashes -r infra/requirements.txt
	@touch $@

synth: infra/.venv/done ## the last build as the CDK app's CloudFormation, in infra/cdk.out (needs Node.js)
	@cd infra && CDK_OUTDIR=cdk.out .venv/bin/python app.py

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header
# What a function needs besides the layer: everything in the layer is left out.
BESIDES_LAYER = $$(sed -n 's/^\([A-Za-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements/layer.txt)
lock: | $(BIN)/uv ## resolve the lock files again (after a change of pyproject.toml)
	$(COMPILE) --upgrade --extra local --extra dev pyproject.toml -o requirements/dev.txt
	$(COMPILE) --extra local -c requirements/dev.txt pyproject.toml requirements/build.in -o requirements/local.txt
	$(COMPILE) -c requirements/dev.txt pyproject.toml -o requirements/layer.txt
	$(COMPILE) -c requirements/dev.txt --extra http $(BESIDES_LAYER) pyproject.toml -o requirements/api.txt
	$(COMPILE) -c requirements/dev.txt --extra documents $(BESIDES_LAYER) pyproject.toml -o requirements/ingest.txt
	echo uv | $(COMPILE) --upgrade - -o requirements/uv.txt
	echo aws-sam-cli | $(COMPILE) --upgrade - -o requirements/sam.txt
	$(COMPILE) --upgrade infra/requirements.in -o infra/requirements.txt
