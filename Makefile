# Two commands to begin with: `make run` and `make test`. Each target sets up what it lacks.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
# Python keeps what it has compiled, whoever asks for the opposite: our commands start in a third of the time.
unexport PYTHONDONTWRITEBYTECODE
export JSII_NODE := $(CURDIR)/$(BIN)/node
CDK := PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/cdk
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes pyproject.toml \
	--custom-compile-command "make lock"
GROUPS := payments local web cdk demo charts
PROVIDERS := wechatpay,alipay,stripe
stage ?= dev

.PHONY: help run demo stop web test simulate fuzz bench check format synth deploy pages docs client site lock setup

help: ## show what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## start the local cloud, deploy the stack to it, seed a demo, build the pages, say how to go on
	@$(BIN)/python -m tools.web build
	@$(BIN)/python -m local up --seed $(if $(PORT),--port $(PORT))

demo: setup ## live a year of the programme in three minutes, check everything (RECORD=demo.html: as a page, too)
	@$(BIN)/python -m local demo $(if $(RECORD),--record $(RECORD))

stop: ## end what `make run` started; its state is kept
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m local down; fi

web: setup ## build the pages, a console and a storefront, into web/*/dist, in seconds
	@$(BIN)/python -m tools.web build

test: setup ## pass all tests, on all cores (ONLY=points: a context's unit, handler and store tests)
	@$(BIN)/python -m pytest --numprocesses auto $(if $(ONLY),--only $(ONLY))

simulate: setup ## try to break the programme: from SEED (a fresh one) on, SEEDS=1 worlds of STEPS=2000 steps
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(STEPS),--steps $(STEPS))

fuzz: setup ## ask a deployment what the API document allows and forbids (EXAMPLES=500, a fresh SEED)
	@MEMBERDAY_FUZZ_EXAMPLES=$(or $(EXAMPLES),500) MEMBERDAY_FUZZ_SEED=$(or $(SEED),$$(date +%s)) \
		$(BIN)/python -m pytest -s tests/e2e/test_fuzz.py

bench: setup ## measure everything against baselines of the same run (AGAINST=ref: beside that build), write docs/performance.md
	@$(BIN)/python -m benchmarks $(if $(AGAINST),--against $(AGAINST)) $(if $(TURNS),--turns $(TURNS)) $(if $(COMPARE),--compare $(COMPARE))

check: setup ## format, lint, types, pages, API document and client, links, synthesis, templates: in seconds
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/python -m tools.client --quiet
	@$(BIN)/mypy
	@$(BIN)/python -m tools.web check
	@$(BIN)/python -m tools.openapi --check
	@$(BIN)/python -m tools.event_schemas --check
	@$(BIN)/python -m tools.roles --check
	@$(BIN)/python -m tools.programme --check
	@$(BIN)/python -m tools.prepared --check
	@$(BIN)/python -m benchmarks.scale --check
	@$(BIN)/python -m benchmarks.costs --check
	@$(BIN)/python -m benchmarks.visits --check
	@$(BIN)/python -m benchmarks.audits --check
	@$(BIN)/properdocs build
	@$(CDK) synth --quiet --output cdk.out/check --context payments=$(PROVIDERS)
	@$(BIN)/python -m tools.diagram --check cdk.out/check memberday-dev
	@$(BIN)/cfn-lint cdk.out/check/*.template.json
	@echo "check: all clean"

format: setup ## format the code and mend what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

synth: setup ## write the CloudFormation templates of a stage (stage=dev) to cdk.out
	@$(CDK) synth --quiet --context stage=$(stage)

deploy: setup ## deploy a stage (stage=dev) to the AWS account of your credentials
	@$(CDK) deploy --all --concurrency 4 $(foreach each,stage listen cors restored reserve moving requests payments return,$(if $($(each)),--context $(each)=$($(each))))

pages: setup ## put the console and the storefront of a stage (stage=dev) where browsers get them, as they are built
	@$(BIN)/python -m ops --stack memberday-$(stage) pages

docs: setup ## write anew what follows from code and policy: API, events, programme, models, picture, local stacks
	@$(BIN)/python -m tools.openapi
	@$(BIN)/python -m tools.event_schemas
	@$(BIN)/python -m tools.roles
	@$(BIN)/python -m tools.programme
	@$(BIN)/python -m tools.prepared
	@$(BIN)/python -m benchmarks.scale --write
	@$(BIN)/python -m benchmarks.costs --write
	@$(BIN)/python -m benchmarks.visits --write
	@$(BIN)/python -m benchmarks.audits --write
	@$(CDK) synth --quiet --output cdk.out/check --context payments=$(PROVIDERS)
	@$(BIN)/python -m tools.diagram cdk.out/check memberday-dev

client: setup ## generate a typed Python client of the API in .build/client, say how to install it
	@$(BIN)/python -m tools.client

site: setup ## build the documents as a site in .build/site, fail on dead links
	@$(BIN)/properdocs build
	@echo "site: .build/site/index.html"

lock: setup ## write the requirement locks anew from pyproject.toml
	@$(LOCK) --group dev --output-file requirements/dev.txt
	@for group in $(GROUPS); do \
		$(LOCK) --group $$group --constraints requirements/dev.txt --output-file requirements/$$group.txt || exit 1; \
	done
	@$(LOCK) --constraints requirements/dev.txt --output-file requirements/runtime.txt

setup:
	@sh tools/setup.sh $(firstword $(MAKECMDGOALS)) $(if $(RECORD),record)
