#!/usr/bin/env bash
# Runs a command beside a Postgres of its own: tests/with-postgres.sh COMMAND [ARGUMENT…]
#
# The cluster is new, listens on loopback at a free port, is named to the command in
# TEST_POSTGRES_URL, and is gone when the command is: folder and processes. Runs side by side do
# not meet. The exit code is the command's own.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT…]" >&2; exit 64; }

here=$(cd "$(dirname "$0")" && pwd)
bin=$("$here/postgres-bin.sh") || {
    echo "$0: no Postgres server found; tests/install.sh installs one" >&2
    exit 69
}

# Postgres refuses to run as root, and its user must be able to reach the folder, which root's own
# TMPDIR may not allow.
as_server=()
parent=${TMPDIR:-/tmp}
if [ "$(id -u)" = 0 ]; then
    as_server=(runuser -u postgres --)
    parent=/tmp
fi
folder=$(mktemp -d "$parent/stentor-postgres.XXXXXX")

# All removing is left to the guard, which notices that file 9 was closed. It is in a process group
# of its own, so that what ends this script does not end it too.
mkfifo "$folder/alive"
setsid "$here/postgres-guard.sh" "$folder" </dev/null &
guard=$!
exec 9>"$folder/alive"

finish() {
    trap '' INT TERM HUP
    exec 9>&-
    wait "$guard" || true
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# Runs one of Postgres's programs. None of them may hold file 9 open, or the guard would wait for
# the server, and the server for the guard.
server() { (cd "$folder" && exec "${as_server[@]}" "$bin/$1" "${@:2}") 9>&-; }

# Tests crash the server, so commits stay synchronous; they do not crash the machine, so nothing
# is forced to the disk. Who measures sets POSTGRES_FSYNC=on.
fsync=${POSTGRES_FSYNC:-off}
settings="-c fsync=$fsync -c full_page_writes=$fsync -c max_connections=300"
settings+=" -c listen_addresses=127.0.0.1 -c unix_socket_directories="

start_cluster() {
    [ ${#as_server[@]} = 0 ] || chown postgres "$folder"
    # Collation C sorts text by its bytes, as SQLite does.
    if ! server initdb -D data -U postgres -A trust -E UTF8 --locale=C -N >"$folder/initdb.log" 2>&1
    then
        cat "$folder/initdb.log" >&2
        return 1
    fi
    # A port that was free a moment ago may be taken by now, so the server itself tries: pg_ctl
    # waits for this very server, whatever else may answer at that port. The range ends below the
    # ports that outgoing connections are given.
    local attempt
    for attempt in {1..20}; do
        port=$((20000 + RANDOM % 12000))
        if server pg_ctl start -D data -w -s -l server.log -o "$settings -c port=$port" 2>/dev/null
        then
            return 0
        fi
        grep -q "could not bind" "$folder/server.log" || break
    done
    cat "$folder/server.log" >&2
    return 1
}
start_cluster || { echo "$0: Postgres did not start" >&2; exit 70; }

# The command is in a process group of its own too: all of it can then be told to end, and a Ctrl-C
# reaches it through this script alone. A script's background commands ignore SIGINT and SIGQUIT
# unless that is undone.
export TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres"
setsid env --default-signal=INT,QUIT "$@" 9>&- &
command=$!
echo "$command" >&9

# Hands a signal on, and gives the command ten seconds to end.
hand_on() {
    trap '' INT TERM HUP
    kill "-$1" -- "-$command" 2>/dev/null || true
    for _ in {1..100}; do
        kill -0 -- "-$command" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL -- "-$command" 2>/dev/null || true
}
trap 'hand_on INT; exit 130' INT
trap 'hand_on TERM; exit 143' TERM
trap 'hand_on HUP; exit 129' HUP

code=0
wait "$command" || code=$?
echo >&9
exit "$code"
