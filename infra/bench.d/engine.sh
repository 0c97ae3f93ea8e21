# An engine of its own for a benchmark, behind nothing but its own port. Sourced by the benchmarks, never run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
profile=${CALC_BENCH_PROFILE:-release}
# Programs that are built already: a measurement that nothing may be compiled beside.
target=${CALC_BENCH_PROGRAMS:-${CARGO_TARGET_DIR:-$root/target}/$profile}
our_port=${CALC_BENCH_PORT:-7494}
base=http://127.0.0.1:$our_port/api/calc
work=
pids=()

say() { printf '%s\n' "$*" >&2; }

need() {
    local tool
    for tool in "$@"; do command -v "$tool" >/dev/null || { say "needs $tool"; exit 69; }; done
}

build() {
    local flags=(--package calc --package calc-worker --bins --examples)
    [ -z "${CALC_BENCH_PROGRAMS:-}" ] || return 0
    [ "$profile" != release ] || flags+=(--release)
    say "building ($profile)"
    cargo build --manifest-path "$root/Cargo.toml" "${flags[@]}" >&2
}

end() {
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# A key pair of our own and a token signed with it, as the edge does: sets `token` and `auth`.
make_token() {
    local now head claims signature
    openssl genpkey -algorithm ed25519 -out "$work/private.pem" 2>/dev/null
    openssl pkey -in "$work/private.pem" -pubout -out "$work/public.pem"
    now=$(date +%s)
    head=$(printf '{"alg":"EdDSA","typ":"JWT"}' | base64url)
    claims=$(printf '{"iss":"dcp-edge","sub":"bench","login":"bench","name":"Bench","kind":"user","zone":"nongxp","grants":{"*":["calc.call","calc.publish","calc.read"]},"exp":%d,"iat":%d,"jti":"1","sid":"1"}' $((now + 3600)) "$now" | base64url)
    printf '%s.%s' "$head" "$claims" >"$work/signed"
    signature=$(openssl pkeyutl -sign -rawin -in "$work/signed" -inkey "$work/private.pem" | base64url)
    token="$head.$claims.$signature"
    auth="Authorization: Bearer $token"
    (
        umask 077
        { echo '[identity.public]'; echo 'key = """'; cat "$work/public.pem"; echo '"""'; } >"$work/secrets.toml"
    )
}

# until_answers ADDRESS [curl option...]: waits for a program we started, and gives up when the engine has ended.
until_answers() {
    local address=$1; shift
    for _ in $(seq 300); do
        ! curl -fsS "$@" "$address" >/dev/null 2>&1 || return 0
        kill -0 "$ours" 2>/dev/null || { cat "$work/ours.log" >&2; exit 1; }
        sleep 0.1
    done
    say "$address does not answer"
    exit 1
}

# Starts the engine in a folder of its own, ended with the benchmark: sets `work`, `ours`, `token` and `auth`.
start_engine() {
    work=$(mktemp -d)
    trap end EXIT
    make_token
    DCP__HTTP__LISTEN=127.0.0.1:$our_port DCP__NODE__NAME=bench DCP__NODE__ZONE=nongxp DCP__LOG__LEVEL=warn \
        DCP__STORE__URL="sqlite:$work/state" DCP__BUS__URL="local:$work/bus.db" DCP__SECRETS__URL="file:$work/secrets.toml" \
        "$target/calc" >"$work/ours.log" 2>&1 &
    ours=$!
    pids+=("$ours")
    until_answers "http://127.0.0.1:$our_port/health/ready"
}

# publish NAME FILE
publish() { curl -fsS -X PUT --data-binary @"$2" -H 'Content-Type: text/plain' -H "$auth" "$base/scripts/$1" >/dev/null; }

# line NAME UNIT OURS PEER: a figure as JSON.
line() {
    awk -v n="$1" -v u="$2" -v o="$3" -v p="$4" 'BEGIN {
        printf "{\"name\":\"%s\",\"ratio\":%.4g,\"ours\":%.4g,\"peer\":%.4g,\"unit\":\"%s\"}\n", n, (p ? o / p : 0), o, p, u }'
}
