# What there is to do with this project. Each recipe is short enough to be typed instead.

.PHONY: help demo test simulation lint bench picture

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: ## Stentor with a Slack of its own, at an address that it prints
	cargo run --release --locked -- demo

test: ## all tests, on SQLite and on a temporary Postgres; ARGS="…" goes to the runner
	tests/install.sh
	tests/run.sh $(ARGS)

simulation: ## worlds drawn by lot (SEEDS=10000, FIRST=1), or one of them again, line by line (SEED=7)
	SIMULATION_SEED=$(SEED) SIMULATION_SEEDS=$(SEEDS) SIMULATION_FIRST=$(FIRST) \
		cargo test --locked --test simulation -- --nocapture in_every_world

lint: ## formatting, clippy and rustdoc, where a warning is an error
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

bench: ## the figures of BENCHMARKS.md, beside the bare limits of this machine; takes two minutes
	cargo bench --locked --bench load -- $(ARGS)

picture: ## the README's picture of the demo, taken anew; it is set in Inter (Debian: fonts-inter)
	STENTOR_KEEP_PICTURE=1 cargo test --locked --test it browser::an_incident
