# What there is to do with this project. Each recipe is short enough to be typed instead.

.PHONY: help demo test crash upgrade simulation lint bench fuzz picture

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: ## Stentor with a Slack of its own, at an address that it prints
	cargo run --release --locked -- demo

test: ## all tests, on SQLite and on a temporary Postgres; ARGS="…" goes to the runner
	tests/install.sh
	tests/run.sh $(ARGS)

crash: ## kill and restart the processes under load: KILLS=500 SEED=… say how often and how
	tests/install.sh
	cargo test --locked --no-run --test crash
	tests/with-postgres.sh cargo test --locked --test crash -- long "$(KILLS)" "$(SEED)"

upgrade: ## replace an older revision's replicas by this one's, under load: FROM=v0.1.0
	tests/install.sh
	tests/upgrade.sh "$(FROM)" "$(KILLS)" "$(SEED)"

simulation: ## worlds drawn by lot (SEEDS=10000, FIRST=1), or one of them again, line by line (SEED=7)
	SIMULATION_SEED=$(SEED) SIMULATION_SEEDS=$(SEEDS) SIMULATION_FIRST=$(FIRST) \
		cargo test --locked --test simulation -- --nocapture in_every_world

lint: ## formatting, clippy and rustdoc, where a warning is an error
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

bench: ## the figures of BENCHMARKS.md, beside the bare limits of this machine; takes two minutes
	cargo bench --locked --bench load -- $(ARGS)

fuzz: ## look for input that breaks TARGET (all: ls fuzz/fuzz_targets), until Ctrl-C; ARGS="…" goes to libFuzzer
	@cargo fuzz --version >/dev/null 2>&1 || { echo "First: rustup toolchain install nightly && cargo install cargo-fuzz"; exit 69; }
	cargo +nightly fuzz run $(or $(TARGET),slack) -- $(ARGS)

picture: ## the README's picture of the demo, taken anew; it is set in Inter (Debian: fonts-inter)
	STENTOR_KEEP_PICTURE=1 cargo test --locked --test it browser::an_incident
