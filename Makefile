# Everything a fresh machine needs is set up below .venv: Python 3.9 to 3.13, make, and a package index or mirror.

SETUP := python3 tests/matrix.py

.PHONY: help demo test lint bench-round bench-healthy bench-footprint bench-fleet bench-reconnect bench-failover bench-crash bench-report bench-store fuzz protos record-stream docs lock clean

help:
	@echo "make demo         a simulated cluster: healthy, three faults named one by one, repaired"
	@echo "make test         every check of the project, on the oldest and the newest Python of this machine"
	@echo "make lint         the static part of it alone"
	@echo "make bench-round  how long a round of checks takes, beside the shell loop it replaces"
	@echo "make bench-healthy  ten thousand rounds of healthy simulated machines: nothing may be found"
	@echo "make bench-footprint  what probe and uplink take from a node: CPU, memory, and how soon a fault is reported"
	@echo "make bench-fleet  what 2,000 and 10,000 nodes cost a collector, and how soon a fault is in its report"
	@echo "make bench-reconnect  a collector is killed under 10,000 nodes: when are all of them back"
	@echo "make bench-failover  one of two collectors is killed under 1,000 nodes: when does the other serve all, rightly"
	@echo "make bench-crash  processes are killed 200 times: is anything lost, or told twice"
	@echo "make bench-report  what answers for a fleet of ten thousand nodes cost, and hold up the collector"
	@echo "make bench-store  what the stores of a collector cost: CPU, disk, and the time to load ten thousand nodes"
	@echo "make fuzz         half an hour of looking for an answer that a parser cannot take"
	@echo "make protos       generate the code of the wire again"
	@echo "make record-stream  record what an agent of this version says, before it is released"
	@echo "make docs         generate the pages of the checks and the API's document again"
	@echo "make lock         resolve the pinned requirements again (needs uv)"
	@echo "make clean        remove .venv and what the tests left"

demo:
	@$(SETUP) demo

test:
	@$(SETUP) test

lint:
	@$(SETUP) lint

bench-round:
	@$(SETUP) run benchmarks/round.py

bench-healthy:
	@$(SETUP) run benchmarks/healthy.py

# The soak besides: `make bench-footprint SOAK="--soak 1800 --speed 10"`.
bench-footprint:
	@$(SETUP) run benchmarks/footprint.py $(SOAK)

bench-fleet:
	@$(SETUP) run benchmarks/fleet.py

bench-reconnect:
	@$(SETUP) run benchmarks/reconnect.py

bench-failover:
	@$(SETUP) run benchmarks/failover.py

bench-crash:
	@$(SETUP) run benchmarks/crash.py

bench-report:
	@$(SETUP) run benchmarks/report.py

bench-store:
	@$(SETUP) run benchmarks/store.py

fuzz:
	@$(SETUP) newest benchmarks/fuzz.py

protos:
	@$(SETUP) run protos/generate.py

record-stream:
	@$(SETUP) run tests/record_stream.py

docs:
	@$(SETUP) run -m ascend_doctor.report.check_pages docs/checks
	@$(SETUP) run -m ascend_doctor.simulator.fault_table docs/faults.md
	@$(SETUP) run -m ascend_doctor.report.symptoms docs/symptoms.md
	@$(SETUP) run -m ascend_doctor.collector.api.openapi docs/openapi.json

LOCK := uv pip compile pyproject.toml --universal --python-version 3.9 --generate-hashes --no-header --no-annotate --upgrade --quiet

lock:
	$(LOCK) --group build --output-file requirements/runtime.txt
	$(LOCK) --group test --output-file requirements/test.txt

clean:
	rm -rf .venv build dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
