# Two commands: `make demo` shows the main job, `make test` runs every check. Both set up what they need.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Heavy things live outside the clone, so that a second clone is warm.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/crucible
export CARGO_TARGET_DIR ?= $(CACHE)/target
TOOLS := $(CACHE)/tools
DENY_VERSION := 0.20.2
GLTF_VALIDATOR_VERSION := 2.0.0-dev.3.10
GLTF_VALIDATOR := $(TOOLS)/gltf-validator-$(GLTF_VALIDATOR_VERSION)
# Other implementations of splat formats; a changed list of packages is another folder.
PEERS_SOURCE := $(wildcard xtask/peers/package.json xtask/peers/no-webgpu/*)
PEERS := $(TOOLS)/peers-$(shell cat $(PEERS_SOURCE) | cksum | cut -d' ' -f1)
# Linters of Dockerfiles and compose files, and what the example of docs/miners.md needs.
IMAGES_SOURCE := docker/lint/requirements.txt docker/lint/package.json docker/template/generator/requirements.txt
IMAGES := $(TOOLS)/images-$(shell cat $(IMAGES_SOURCE) | cksum | cut -d' ' -f1)
DOCKERFILES := docker/Dockerfile docker/template/docker/Dockerfile
export PATH := $(TOOLS)/bin:$(PATH)

CRUCIBLE = $(CARGO_TARGET_DIR)/release/crucible
DEMO_PICTURE ?= assets/pictures/toadstool.jpg
DEMO_MODULE ?= assets/modules/lantern.js

.PHONY: help demo tour test setup format lint images licences unit peers fuzz-build docs build bench clean

help: ## Lists the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Installs what a fresh Debian machine lacks (a C compiler); checks for Rust
	@command -v cargo >/dev/null || { echo "error: Rust 1.95 or later is needed: install it with rustup" >&2; exit 2; }
	@command -v cc >/dev/null || { \
	  echo "Installing a C compiler (for zstd) ..."; \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends build-essential; }

build: setup
	cargo build --release --locked --package crucible

demo: build ## Plays a whole competition, offline: two rounds, five miners, a cheat found out; and checks every decision; see out/arena
	rm -rf out/arena
	$(CRUCIBLE) arena demo out/arena
	$(CRUCIBLE) arena verify out/arena/state.git --blobs out/arena/blobs

tour: build ## Turns a picture into an asset, and checks, draws and converts a Three.js module, offline; see out/
	mkdir -p out
	$(CRUCIBLE) generate $(DEMO_PICTURE) -o out/asset.ply -o out/asset.spz -o out/asset.glb -o out/asset.js --save-stages out/stages
	$(CRUCIBLE) render out/asset.ply -o out/grid.png --background ffffff
	$(CRUCIBLE) validate out/asset.ply
	$(CRUCIBLE) inspect out/asset.spz
	$(CRUCIBLE) validate out/asset.js
	$(CRUCIBLE) render out/asset.js -o out/asset.png
	$(CRUCIBLE) validate $(DEMO_MODULE)
	$(CRUCIBLE) render $(DEMO_MODULE) -o out/module.png
	$(CRUCIBLE) convert $(DEMO_MODULE) out/module.glb
	@echo; echo "Look at out/grid.png (the asset from four sides), out/asset.png (the same as a module of strokes and profiles), out/asset.glb (as a mesh), out/stages/ (how it came about) and out/module.png (the module)."

test: setup format lint images licences unit docs fuzz-build ## Runs every check
	@echo "All checks passed."

format:
	cargo fmt --all --check

lint:
	cargo clippy --locked --workspace --all-targets -- -D warnings

images: $(IMAGES) # Dockerfiles and compose files; a test of crates/crucible has our own rules
	$(IMAGES)/python/bin/hadolint $(DOCKERFILES)
	$(IMAGES)/node_modules/.bin/dclint --max-warnings 0 docker/compose.yaml

$(IMAGES):
	@command -v npm >/dev/null || { echo "error: Node 20.19 or later with npm is needed" >&2; exit 2; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Installing Python's venv (for linters) ..."; \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends python3-venv; }
	rm -rf $@.part
	mkdir -p $@.part
	python3 -m venv $@.part/python
	$@.part/python/bin/python -m pip install --quiet --disable-pip-version-check -r docker/lint/requirements.txt -r docker/template/generator/requirements.txt
	cp docker/lint/package.json $@.part
	npm install --silent --no-fund --no-audit --ignore-scripts --prefix $@.part
	rm -rf $@
	mv $@.part $@

licences: $(TOOLS)/cargo-deny-$(DENY_VERSION)
	cargo deny --log-level error check licenses bans sources

$(TOOLS)/cargo-deny-$(DENY_VERSION):
	CARGO_TARGET_DIR=$(CACHE)/tools-target cargo install --quiet --locked --debug --root $(TOOLS) --version $(DENY_VERSION) --force cargo-deny
	rm -rf $(CACHE)/tools-target
	touch $@

# Written glTF files are shown to the validator of Khronos.
$(GLTF_VALIDATOR):
	@command -v npm >/dev/null || { echo "error: Node 20 or later with npm is needed" >&2; exit 2; }
	npm install --silent --no-fund --no-audit --prefix $@.part gltf-validator@$(GLTF_VALIDATOR_VERSION)
	mv $@.part $@

# Written splat files are shown to other implementations, and theirs to us: see xtask/peers.
$(PEERS):
	@command -v npm >/dev/null || { echo "error: Node 20 or later with npm is needed" >&2; exit 2; }
	rm -rf $@.part
	mkdir -p $@.part
	cp -r xtask/peers/package.json xtask/peers/no-webgpu $@.part
	npm install --silent --no-fund --no-audit --legacy-peer-deps --install-links --ignore-scripts --prefix $@.part
	mv $@.part $@

peers: $(PEERS) ## Installs other implementations of splat formats and prints the folder, for CRUCIBLE_PEERS
	@echo $(PEERS)

unit: $(GLTF_VALIDATOR) $(PEERS) $(IMAGES) ## Unit, property, snapshot, golden and end-to-end tests
	@export CRUCIBLE_GLTF_VALIDATOR=$(GLTF_VALIDATOR) CRUCIBLE_PEERS=$(PEERS) CRUCIBLE_MINER_PYTHON=$(IMAGES)/python/bin/python; \
	if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run --locked --workspace && cargo test --locked --workspace --doc; \
	else \
	  cargo test --locked --workspace; \
	fi

docs: # Public documentation builds without a warning
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet

fuzz-build: # The fuzz targets still compile
	cd fuzz && cargo check --quiet --locked

bench: ## Benchmarks whose figures are in docs/benchmarks.md
	cargo bench --locked --workspace

clean: ## Removes out/ (the build cache is $(CACHE))
	rm -rf out
