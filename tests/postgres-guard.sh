#!/usr/bin/env bash
# Removes a temporary cluster when the script that made it is gone: tests/postgres-guard.sh FOLDER
#
# It reads the pipe FOLDER/alive, which closes however that script ends, even by SIGKILL. A line
# read from it is the process group that has to end too; an empty line takes that back.
set -euo pipefail

folder=$1
trap '' INT TERM HUP

group=
while read -r line; do group=$line; done <"$folder/alive"
[ -z "$group" ] || kill -TERM -- "-$group" 2>/dev/null || true

if [ -f "$folder/data/postmaster.pid" ]; then
    read -r postmaster <"$folder/data/postmaster.pid"
    # An immediate shutdown: nobody needs the data any more. The server removes its pid file when
    # the last of its processes has ended.
    kill -QUIT "$postmaster" 2>/dev/null || true
    for _ in {1..200}; do
        [ -f "$folder/data/postmaster.pid" ] && kill -0 "$postmaster" 2>/dev/null || break
        sleep 0.05
    done
    kill -KILL "$postmaster" 2>/dev/null || true
fi
rm -rf "$folder"
