# Everything here starts from Python 3.11+ and make; `make install` is what the others build on.

PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
UV := $(BIN)/uv

export PYTHONPATH := $(CURDIR)
# albumentations asks the network for a newer release when it is imported
export NO_ALBUMENTATIONS_UPDATE := 1
export UV_PYTHON_DOWNLOADS := never
# compiled once and kept: hundreds of processes that the tests start would each compile the libraries anew
export PYTHONDONTWRITEBYTECODE :=

# one file stays with one worker, so that its browser and its volumes are made once
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 30

COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	--no-annotate --python-version 3.11

.PHONY: always help install install-dev app test test-slow lint format types floors browser lock checkpoints licences clean
.DELETE_ON_ERROR:

help:
	@echo "make app        install, start the app on 127.0.0.1:$(PORT) and make the demo cohort"
	@echo "make install    make .venv and install requirements.txt"
	@echo "make test       every test that is not slow, browser tests included"
	@echo "make test-slow  the slow ones"
	@echo "make lint       ruff, and whether the formatting is ruff's"
	@echo "make types      mypy --strict"
	@echo "make floors     imports only run downwards"
	@echo "make lock       compile the requirements files again"
	@echo "make licences   write docs/licences.md again"
	@echo "make clean      remove .venv and caches; the workspace stays"

install: $(STAMPS)/runtime
install-dev: $(STAMPS)/dev

# made again when its Python is gone, too; its date is that of its making, which a link's to the system's Python is not
$(VENV)/pyvenv.cfg: $(if $(shell test -x $(BIN)/python && echo works),,always)
	@python=$$(sh tools/find_python.sh) && echo "making $(VENV) with $$python" && "$$python" -m venv --clear $(VENV)

always:

$(STAMPS)/uv: requirements-uv.txt $(VENV)/pyvenv.cfg
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/runtime: requirements.txt $(STAMPS)/uv
	@$(UV) pip install --python $(BIN)/python --require-hashes -r requirements.txt
	@touch $@

$(STAMPS)/dev: requirements-dev.txt $(STAMPS)/runtime
	@$(UV) pip install --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

app: install
	@$(BIN)/python tools/start_app.py --port $(PORT)

browser: install-dev
	@$(BIN)/python tools/find_browser.py --install

test: install-dev browser
	$(PYTEST) -m "not slow"

test-slow: install-dev browser
	$(PYTEST) -m slow

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: install-dev
	$(BIN)/mypy --strict core pages tools app.py

floors: install-dev
	$(BIN)/lint-imports

lock: $(STAMPS)/uv
	$(COMPILE) --group installer -o requirements-uv.txt
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) --group dev -c requirements.txt -o requirements-dev.txt
	$(COMPILE) --group light -c requirements.txt -o requirements-light.txt

checkpoints: install
	$(BIN)/python -m tools.make_checkpoints

licences: install
	$(BIN)/python tools/licences.py > docs/licences.md

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
