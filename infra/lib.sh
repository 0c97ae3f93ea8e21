# Shared by infra/up, infra/down and infra/bench; sourced, never run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DCP_HOME=${DCP_HOME:-$root/.dcp}
mkdir -p "$DCP_HOME"
DCP_HOME=$(cd "$DCP_HOME" && pwd)
DCP_PORT=${DCP_PORT:-7400}
export DCP_HOME DCP_PORT
target=${CARGO_TARGET_DIR:-$root/target}
run=$DCP_HOME/run

began=$SECONDS
say() { printf '%s\n' "$*" >&2; }
step() { printf '%4ss  %s\n' "$((SECONDS - began))" "$*" >&2; }
fail() { say ""; say "$(basename "$0"): $*"; exit 1; }

[[ $DCP_PORT =~ ^[0-9]+$ ]] && [ "$DCP_PORT" -ge 1024 ] && [ "$DCP_PORT" -le 65400 ] \
    || fail "DCP_PORT is '$DCP_PORT'; it must be the first of 100 free ports, from 1024 to 65400"

# The end of a log, for messages that say why something failed.
show_log() { [ ! -s "$1" ] || { say "--- the end of $1"; tail -n "${2:-20}" "$1" >&2; say "---"; }; }

# A process is known by its id and its start time: an id alone may belong to another program by now.
started_at() { awk '{ sub(/^.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null; }
note_process() { printf '%s %s\n' "$2" "$(started_at "$2")" >"$run/$1.pid"; }

# pid_of NAME: its process id when it still runs.
pid_of() {
    local pid start
    read -r pid start 2>/dev/null <"$run/$1.pid" || return 1
    [ -n "$start" ] && [ "$(started_at "$pid")" = "$start" ] && printf '%s\n' "$pid"
}

# start_process NAME LOG COMMAND...: in its own session, so that it outlives this terminal.
start_process() {
    local name=$1 log=$2; shift 2
    mkdir -p "$(dirname "$log")" "$run"
    # Descriptor 9 is the lock of infra/up, which must not outlive it.
    setsid "$@" >>"$log" 2>&1 </dev/null 9>&- &
    note_process "$name" $!
}

# stop_process NAME SECONDS: asks it to end, waits, then ends it.
stop_process() {
    local pid; pid=$(pid_of "$1") || { rm -f "$run/$1.pid"; return 1; }
    kill -TERM "$pid" 2>/dev/null
    local until=$((SECONDS + $2))
    while pid_of "$1" >/dev/null; do
        if [ $SECONDS -ge $until ]; then kill -KILL "$pid" 2>/dev/null; say "$1 did not end in $2 s and was killed"; fi
        sleep 0.1
    done
    rm -f "$run/$1.pid"
}

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The nodes' own templates are written for port 7400 and the folder .dcp.
node_config() {
    awk -v base="$DCP_PORT" -v home="$DCP_HOME" '
        /^[[:space:]]*#/ { next }
        { line = $0; out = ""
          while (match(line, /74[0-9][0-9]/)) {
              out = out substr(line, 1, RSTART - 1) (base + substr(line, RSTART, 4) - 7400); line = substr(line, RSTART + 4) }
          line = out line
          gsub(/"\.dcp"/, "\"" home "\"", line); gsub(/:\.dcp\//, ":" home "/", line); gsub(/"\.dcp\//, "\"" home "/", line)
          print line }' "$1"
}
