#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: a Postgres server, Chromium with its driver
# and emoji (the demo page is tested in a real browser), Prometheus and Alertmanager (which send to
# Stentor as they are) and cargo-nextest. Says nothing where all is there.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# Known to build with the oldest Rust that Stentor builds with.
nextest=0.9.143

say() { echo "tests/install.sh: $*" >&2; }

packages=()
"$here/postgres-bin.sh" >/dev/null || packages+=(postgresql)
command -v chromium >/dev/null || packages+=(chromium)
command -v chromedriver >/dev/null || packages+=(chromium-driver)
# Without it each emoji on the page is an empty box. The tests pass nevertheless, so that other
# systems need not have the file where Debian has it.
emoji=/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf
if command -v apt-get >/dev/null && [ ! -e "$emoji" ]; then packages+=(fonts-noto-color-emoji); fi
# Each is a service of its own when Debian installs it.
services=()
command -v prometheus >/dev/null || services+=(prometheus)
if ! command -v prometheus-alertmanager >/dev/null || ! command -v amtool >/dev/null; then
    services+=(prometheus-alertmanager)
fi
packages+=("${services[@]}")

as_root=()
if [ "$(id -u)" != 0 ]; then as_root=(sudo); fi

# Runs quietly, and shows what was said only when it failed.
quietly() {
    local log code=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || code=$?
    [ "$code" = 0 ] || cat "$log" >&2
    rm -f "$log"
    return "$code"
}

apt_get() {
    quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y "$@"
}

# Debian's package starts a server of its own when it is installed. The tests make theirs, so for
# the time of the installation that is switched off; a cluster that is there already stays as it
# is, because this is reached only where there is no server.
no_main_cluster=/etc/postgresql-common/createcluster.d/stentor-tests.conf
forbid_main_cluster() {
    undo+=("$no_main_cluster")
    "${as_root[@]}" mkdir -p "$(dirname "$no_main_cluster")"
    echo "create_main_cluster = false" | "${as_root[@]}" tee "$no_main_cluster" >/dev/null
}

# What Debian asks before it starts any service. Where there is an answer already, that one stays.
policy=/usr/sbin/policy-rc.d
forbid_services() {
    [ ! -e "$policy" ] || return 0
    undo+=("$policy")
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
}

# The tests start their own, so none is to start with the machine either.
disable_services() {
    local service
    for service in "${services[@]}"; do
        if command -v update-rc.d >/dev/null; then
            quietly "${as_root[@]}" update-rc.d "$service" disable
        fi
    done
}

undo=()
trap '[ ${#undo[@]} = 0 ] || "${as_root[@]}" rm -f "${undo[@]}"' EXIT

if [ ${#packages[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || {
        say "this machine has no apt-get; please install by hand: ${packages[*]}"
        exit 69
    }
    [ ${#as_root[@]} = 0 ] || command -v sudo >/dev/null || {
        say "neither root nor sudo; please install by hand: ${packages[*]}"
        exit 69
    }
    say "installing ${packages[*]}"

    # Lists of packages are fetched only where they are missing or so old that they lead nowhere.
    case " ${packages[*]} " in *" postgresql "*) forbid_main_cluster ;; esac
    [ ${#services[@]} = 0 ] || forbid_services
    if ! apt_get install --no-install-recommends "${packages[@]}" 2>/dev/null; then
        apt_get update || say "apt-get update failed; trying with the lists that are there"
        for package in "${packages[@]}"; do
            apt_get install --no-install-recommends "$package" || {
                say "could not install the package $package"
                exit 69
            }
        done
    fi
    disable_services
fi

if ! cargo nextest --version >/dev/null 2>&1; then
    say "installing cargo-nextest $nextest (some minutes)"
    quietly cargo install cargo-nextest --locked --version "$nextest" ||
        say "could not install cargo-nextest; the tests will run under cargo test"
fi
