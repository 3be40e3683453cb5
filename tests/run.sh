#!/usr/bin/env bash
# Builds the tests and runs them on SQLite and on a temporary Postgres: tests/run.sh [FILTER…]
#
# The arguments go to the runner: cargo nextest, or cargo test where that is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."

# A snapshot that differs fails the test, and leaves no file behind.
export INSTA_UPDATE=${INSTA_UPDATE:-no}

build=(cargo test --locked --no-run)
run=(cargo test --locked)
if cargo nextest --version >/dev/null 2>&1; then
    build=(cargo nextest run --locked --no-run)
    run=(cargo nextest run --locked)
fi

# The build comes first, so that the database is not kept waiting for it.
"${build[@]}"
exec tests/with-postgres.sh "${run[@]}" "$@"
