#!/usr/bin/env bash
# Prints the folder of a Postgres server's programs, or fails when this machine has none.
#
# Debian keeps them out of PATH, in a folder for each version; where there are several versions,
# the newest is taken.
set -euo pipefail

is_server() { [ -x "$1/initdb" ] && [ -x "$1/postgres" ] && [ -x "$1/pg_ctl" ]; }

if found=$(command -v initdb); then
    # A link in PATH may lead to one program; the others are beside what it points to.
    folder=$(dirname "$(readlink -f "$found")")
    if is_server "$folder"; then
        echo "$folder"
        exit 0
    fi
fi

while read -r folder; do
    if is_server "$folder"; then
        echo "$folder"
        exit 0
    fi
done < <(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort --version-sort --reverse)

exit 1
