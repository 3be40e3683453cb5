#!/usr/bin/env bash
# Upgrades from an older revision, replica by replica and under load: tests/upgrade.sh REVISION [KILLS] [SEED]
#
# The older program is built beside this one, and kept in target/upgrade for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] && [ -n "$1" ] || { echo "usage: $0 REVISION [KILLS] [SEED]" >&2; exit 64; }
revision=$(git rev-parse --verify "$1^{commit}")

source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
git archive "$revision" | tar -x -C "$source"
CARGO_TARGET_DIR=$PWD/target/upgrade cargo build --locked --bin stentor --manifest-path "$source/Cargo.toml"
cargo test --locked --no-run --test crash
OLD_BINARY=$PWD/target/upgrade/debug/stentor \
    tests/with-postgres.sh cargo test --locked --test crash -- long "${2:-30}" "${3:-}"
