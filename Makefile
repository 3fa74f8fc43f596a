# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help run build web test check bench bench-janus fmt fuzz

# Where cargo puts things; `make build` leaves the programs in target/release/ whatever it is.
CARGO_OUT := $(or $(CARGO_TARGET_DIR),target)
# Where `make run` listens: TCP for the pages, UDP for media.
PORT ?= 8080

help: ## Shows this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

run: build ## Builds, then starts a demo fair: a speaker on air, a crowd of bots (CROWD=0: none); Ctrl-C ends all
	@FIERA=target/release/fiera LOADTEST=target/release/fiera-loadtest PORT=$(PORT) bash tests/demo.sh

build: web ## Builds the web client and both programs; leaves target/release/fiera and fiera-loadtest
	@echo "==> server and load generator (release; the first time takes several minutes, the last step says nothing for most of them)"
	cargo build --release -p fiera-app -p fiera-loadtest
	mkdir -p target/release
	for program in fiera fiera-loadtest; do
		from="$(CARGO_OUT)/release/$$program"
		if ! [ "$$from" -ef "target/release/$$program" ]; then
			ln -f "$$from" "target/release/$$program" 2>/dev/null || cp -f "$$from" "target/release/$$program"
		fi
	done
	echo "==> built: target/release/fiera, target/release/fiera-loadtest"

web:
	@echo "==> web client"
	bash tests/web-build.sh

test: ## Runs everything: structure, units, web client, fuzz corpora, real browsers
	@bash tests/run.sh

check: ## Formatting, lints, types: quick, before every commit
	@echo "==> rustfmt"
	cargo fmt --all --check
	echo "==> clippy"
	cargo clippy --workspace --all-targets -- -D warnings
	echo "==> web client"
	bash tests/web-build.sh check
	if command -v cargo-deny >/dev/null; then
		echo "==> cargo deny"
		cargo deny check bans licenses sources
	else
		echo "==> cargo deny: not installed, skipped"
	fi

fmt: ## Formats the Rust code
	@cargo fmt --all

bench: build ## Load figures: media, 1,000 sockets with votes and chat, memory, the way back after kill -9
	@FIERA=target/release/fiera LOADTEST=target/release/fiera-loadtest bash tests/bench.sh
	if command -v janus >/dev/null; then
		FIERA=target/release/fiera LOADTEST=target/release/fiera-loadtest bash tests/bench/compare.sh
	else
		echo "==> comparison with Janus: not installed, skipped (on Debian: apt-get install janus)"
	fi

bench-janus: build ## The same work done by Fiera and by Janus (Debian's package), round by round; ROUNDS, VIEWERS, LINK=veth
	@FIERA=target/release/fiera LOADTEST=target/release/fiera-loadtest bash tests/bench/compare.sh

fuzz: ## Searches for inputs that break a parser, FUZZ_SECONDS (default 600) per target
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-600} FUZZ_SEED=$${FUZZ_SEED:-$$RANDOM} cargo test --release -p fiera-tests --test fuzz -- --nocapture
