# The functions that infra/bench calc calls, its peers, and how they are called. Sourced, never run.
# shellcheck shell=bash disable=SC2154

plumber_port=$((our_port + 1))
rserve_port=$((our_port + 2))

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { print b - a }'; }
workers() { pgrep -P "$ours" -x calc-worker; }
resident() { awk '/^VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$1/status"; }

# Processor seconds of processes that run, those of their children that have ended included.
processor_seconds() {
    local pid total=0
    for pid in "$@"; do total=$((total + $(awk '{print $14 + $15 + $16 + $17}' "/proc/$pid/stat" 2>/dev/null || echo 0))); done
    awk -v t="$total" -v h="$(getconf CLK_TCK)" 'BEGIN { print t / h }'
}

middle() { sort -g "$work/$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

address() { # side, function
    case $1 in
        ours) echo "$base/r/bench/$2" ;;
        plumber) echo "http://127.0.0.1:$plumber_port/$2" ;;
        rserve) echo "http://127.0.0.1:$rserve_port/$2" ;;
    esac
}

# Cores that the whole machine took in the last run, without the engine, its workers, its peers and the callers.
others() { cat "$work/others"; }
machine_seconds() { awk -v h="$(getconf CLK_TCK)" '/^cpu / { print ($2 + $3 + $4 + $7 + $8) / h }' /proc/stat; }
measured() { processor_seconds "$ours" $(workers) ${plumber:-} ${rserve:-}; }

# difference NAME UNIT OURS PEER: a figure that is a difference, as JSON.
difference() {
    awk -v n="$1" -v u="$2" -v o="$3" -v p="$4" 'BEGIN {
        printf "{\"name\":\"%s\",\"difference\":%.4g,\"ours\":%.4g,\"peer\":%.4g,\"unit\":\"%s\"}\n", n, o - p, o, p, u }'
}

# The functions as a script of ours, for plumber in its plain form, for Rserve, for R alone; and the bodies of their calls.
write_functions() {
    cat >"$work/bench.R" <<'R'
held <- local({ set.seed(7, "Mersenne-Twister", "Inversion", "Rejection"); x <- rnorm(1e5); data.frame(x = x, y = 2 * x + rnorm(1e5)) })
f1 <- function(x) x + 1
f2 <- function(v) list(mean = mean(v), sd = sd(v))
f3 <- function() coef(lm(y ~ x, held))
f4 <- function(x, y) coef(lm(y ~ x))
#' @cache pure
cached <- function(x) x + 1
R
    # digits = NA keeps most of a double.
    cat >"$work/plumber.R" <<'R'
#* @serializer json list(auto_unbox = TRUE, digits = NA)
#* @post /f1
function(x) x + 1
#* @serializer json list(auto_unbox = TRUE, digits = NA)
#* @post /f2
function(v) list(mean = mean(v), sd = sd(v))
R
    cat >"$work/rserve.R" <<'R'
functions <- list("/f1" = function(x) x + 1, "/f2" = function(v) list(mean = mean(v), sd = sd(v)))
.http.request <- function(url, query, body, headers) {
  arguments <- jsonlite::fromJSON(rawToChar(body))
  value <- do.call(functions[[url]], arguments)
  list(as.character(jsonlite::toJSON(value, auto_unbox = TRUE, digits = NA)), "application/json")
}
R
    # The data of f4 are those that are sent; what is asked for comes line by line.
    cat >"$work/raw.R" <<'R'
arguments <- commandArgs(TRUE)
source(arguments[1])
given <- jsonlite::fromJSON(arguments[2])
x <- given$x
y <- given$y
rm(given)
work <- list(f3 = function() f3(), f4 = function() f4(x, y))
for (name in names(work)) for (i in 1:3) work[[name]]()
asked <- file("stdin", "r")
while (length(line <- readLines(asked, 1L))) {
  asked_for <- strsplit(line, " ")[[1L]]
  once <- work[[asked_for[1L]]]
  took <- numeric()
  until <- proc.time()[[3]] + as.numeric(asked_for[2L])
  while (proc.time()[[3]] < until) {
    begun <- Sys.time()
    once()
    took <- c(took, as.numeric(Sys.time() - begun, units = "secs"))
  }
  cat(1000 * median(took), "\n", sep = "")
  flush(stdout())
}
R
    echo '{"x":41}' >"$work/f1.json"
    cp "$work/f1.json" "$work/cached.json"
    echo '{}' >"$work/f3.json"
    awk 'BEGIN { srand(7); printf "{\"v\":["; for (i = 0; i < 10000; i++) printf "%s%.15f", (i ? "," : ""), rand() * 100; print "]}" }' >"$work/f2.json"
    awk 'function column(n) { printf "\"%s\":[", n; for (i = 0; i < 100000; i++) printf "%s%.15f", (i ? "," : ""), rand() * 10; printf "]" }
        BEGIN { srand(8); printf "{"; column("x"); printf ","; column("y"); print "}" }' >"$work/f4.json"
    local name
    for name in f1 f2 f3 f4 cached; do write_order "$name"; done
}

write_order() { # what wrk sends for a function, and how it tells what came
    cat >"$work/$1.lua" <<LUA
local file = io.open("$work/$1.json", "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer $token"
done = function(summary, latency)
  local e = summary.errors
  io.stderr:write(string.format("figures %f %f %f %d\n", summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, e.status + e.connect + e.read + e.write + e.timeout))
end
LUA
}

# run FUNCTION ADDRESS CALLERS -> "requests/s p50_ms p99_ms errors"; wrk's own processor seconds stand in wrk.seconds.
run() {
    local TIMEFORMAT='%U %S' machine before ours_before
    machine=$(machine_seconds) ours_before=$(measured) before=$(now)
    { time wrk -t1 -c"$3" -d"${seconds}s" --timeout 20s -s "$work/$1.lua" "$2" >/dev/null 2>"$work/wrk.log"; } 2>"$work/wrk.time"
    awk '{print $1 + $2}' "$work/wrk.time" >"$work/wrk.seconds"
    awk -v m="$machine" -v n="$(machine_seconds)" -v a="$ours_before" -v b="$(measured)" -v c="$(cat "$work/wrk.seconds")" -v s="$(since "$before")" \
        'BEGIN { o = (n - m - (b - a) - c) / s; printf "%.2f\n", o < 0 ? 0 : o }' >"$work/others"
    awk '/^figures/ {print $2, $3, $4, $5}' "$work/wrk.log"
}

start_peers() {
    [ -z "${plumber:-}" ] || return 0
    start_plumber
    start_rserve
}

start_plumber() {
    Rscript -e "plumber::pr_run(plumber::pr('$work/plumber.R'), host = '127.0.0.1', port = $plumber_port, docs = FALSE, quiet = TRUE)" >"$work/plumber.log" 2>&1 &
    plumber=$!
    pids+=("$plumber")
    until_answers "http://127.0.0.1:$plumber_port/f1" -d '{"x":1}' -H 'Content-Type: application/json'
}

# Its own HTTP server: a process for each connection.
start_rserve() {
    printf '%s\n' "http.port $rserve_port" "remote disable" "port $((our_port + 3))" "workdir $work/rserve" "http.raw.body enable" >"$work/rserve.conf"
    Rscript -e "source('$work/rserve.R'); Rserve::run.Rserve(config.file = '$work/rserve.conf')" >"$work/rserve.log" 2>&1 &
    rserve=$!
    pids+=("$rserve")
    until_answers "http://127.0.0.1:$rserve_port/f1" -d '{"x":1}' -H 'Content-Type: application/json'
}

# R alone: one process for all rounds.
start_r() {
    [ -z "${alone:-}" ] || return 0
    mkfifo "$work/ask" "$work/told"
    Rscript "$work/raw.R" "$work/bench.R" "$work/f4.json" <"$work/ask" >"$work/told" 2>"$work/raw.log" &
    alone=$!
    pids+=("$alone")
    exec 7>"$work/ask" 8<"$work/told"
}

alone() { # FUNCTION -> median milliseconds of a round
    local median
    echo "$1 $seconds" >&7
    read -r median <&8
    echo "$median"
}
