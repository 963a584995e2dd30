#!/bin/sh
# One named thing at its full count; tests/run.sh runs a share of each.
#   usage: sh tests/full.sh NAME [ARGUMENT...]     without a NAME: the list
#
# A thing is a function do_NAME (with _ for each -) and a line "# NAME: what it does" above it. Everything is built with
# optimisation in build/full, unless the thing says otherwise. Warnings are for the presets dev and lint
# to read (-w): an optimiser or a planted bug brings false ones.
set -eu
cd "$(dirname "$0")/.."

configure() { # source, build directory
  cmake -S "$1" -B "$2" -G Ninja -DCAMPANILE_DEVELOPER=ON -DCMAKE_UNITY_BUILD=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_CXX_FLAGS=-w -Wno-dev --log-level=WARNING >/dev/null
}

build() { # target...
  configure . build/full
  cmake --build build/full --target "$@"
}

# fuzz: every fuzz target for FUZZ_SECONDS each (default 600); finds stay in build/fuzz/tests/fuzz/finds
do_fuzz() {
  fuzz "${FUZZ_SECONDS:-600}" -1 "$@"
}

# fuzz-runs: every fuzz target for FUZZ_RUNS (default 1000000) inputs, however long that takes; "-R ws_" for some
do_fuzz_runs() {
  fuzz 0 "${FUZZ_RUNS:-1000000}" "$@"
}

fuzz() { # seconds, runs, argument...
  cmake --preset fuzz -DCAMPANILE_FUZZ_SECONDS="$1" -DCAMPANILE_FUZZ_RUNS="$2" >/dev/null
  shift 2
  cmake --build --preset fuzz
  ctest --preset fuzz --timeout 0 --verbose "$@"
}

# ws-cases: every WebSocket case of the standard, in either role, with the bytes cut in four ways
do_ws_cases() {
  build bridge_tests
  build/full/tests/bridge/bridge_tests --run_test=ws_cases --log_level=message
}

# barge-ins: INTERRUPTIONS (default 1000) of the agent from FIRST_SEED (0) on, and rehearsed people who always interrupt
do_barge_ins() {
  build bridge_tests rehearsal_tests
  CAMPANILE_INTERRUPTIONS="${INTERRUPTIONS:-1000}" CAMPANILE_FIRST_SEED="${FIRST_SEED:-0}" \
    build/full/tests/bridge/bridge_tests --run_test=media_call/interruptions_by_seed --log_level=message
  build/full/tests/bridge/rehearsal_tests --log_level=message \
    --run_test=rehearsal_agent/what_the_model_is_told_of_an_interruption_is_what_the_person_heard
}

# bridge-memory: every test of bridge under valgrind, and with the address and undefined-behaviour sanitizers
do_bridge_memory() {
  for preset in memcheck asan; do
    cmake --preset "$preset" -Wno-dev --log-level=WARNING >/dev/null
    cmake --build "build/$preset" --target bridge_tests rehearsal_tests
  done
  # The preset memcheck leaves out what takes long.
  ctest --test-dir build/memcheck --output-on-failure -L '^bridge$' "$@"
  ctest --preset asan -L '^bridge$' "$@"
}

# bench: every *_bench program, or the named ones, one after the other
do_bench() {
  build benches
  benches=$(find build/full/tests -name '*_bench' -type f | sort)
  if [ "$#" -gt 0 ]; then
    benches=$(for name in "$@"; do find build/full/tests -name "$name" -type f; done)
  fi
  if [ -z "$benches" ]; then echo "no such bench" >&2; return 2; fi
  for bench in $benches; do
    printf '\n== %s\n' "$(basename "$bench")"
    "$bench"
  done
}

# agent: a survey that a voice agent asks 200 people, twice alike, and killed ten times during it
do_agent() {
  build campanile
  CAMPANILE_AGENT_PEOPLE="${CAMPANILE_AGENT_PEOPLE:-200}" CAMPANILE_AGENT_KILLS="${CAMPANILE_AGENT_KILLS:-10}" \
    python3 -B tests/system/agent_test.py build/full/campanile "$@"
}

# agent-faults: a voice model that cannot be reached, refuses, is silent, drops or answers nonsense: PEOPLE (default 25) with each fault, in either way of going on: what they hear instead is on its way within two seconds
do_agent_faults() {
  build campanile
  CAMPANILE_AGENT_FAULT_PEOPLE="${PEOPLE:-25}" python3 -B tests/system/agent_faults_test.py build/full/campanile "$@"
}

# stream-thieves: forged, stolen and repeated media streams, 1,000 of each kind: none is let in, none reaches the model
do_stream_thieves() {
  build campanile
  CAMPANILE_THEFTS="${CAMPANILE_THEFTS:-1000}" python3 -B tests/system/stream_thieves_test.py build/full/campanile "$@"
}

# crowd: NEWCOMERS (20) agent calls a second connect over TLS for SECONDS (60) while TALKING (100) talk and an export runs; what they hear stays in time
do_crowd() {
  talks "${TALKING:-100}" 0 "${SECONDS:-60}" \
    TalksTest.test_calls_connect_while_others_talk_and_the_log_is_exported
}

# soak: TALKING (50) agent calls at a time for SECONDS (3600), each for TALK_SECONDS (600); memory and descriptors stay flat
do_soak() {
  talks "${TALKING:-50}" "${TALK_SECONDS:-600}" "${SECONDS:-3600}" \
    TalksTest.test_calls_that_come_and_go_cost_no_more_at_the_end_than_at_the_beginning
}

# JUDGED= shows what happens on a machine that does other things, too.
talks() { # talking, talk seconds, seconds, test
  build campanile talk_load make_certificates
  JUDGED="${JUDGED-1}" TALKING=$1 TALK_SECONDS=$2 SECONDS=$3 NEWCOMERS="${NEWCOMERS:-20}" PEOPLE="${PEOPLE:-20000}" \
    python3 -B tests/system/talks_test.py build/full/campanile build/full/tests/bridge/talk_load \
    build/full/tests/bridge/make_certificates "$4"
}

# testssl: testssl.sh against our TLS server, with each kind of key; red at anything above LOW that is not explained here
do_testssl() {
  build tls_server
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/campanile-testssl.XXXXXX")
  server=
  trap 'kill "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM
  bad=0
  for key in p256 rsa; do
    build/full/tests/bridge/tls_server "$key" >"$scratch/port" &
    server=$!
    until [ -s "$scratch/port" ]; do sleep 0.1; done
    read -r port ca <"$scratch/port"
    testssl --quiet --warnings off --color 0 --add-ca "$ca" --jsonfile "$scratch/$key.json" \
      "localhost:$port" >"$scratch/$key.txt" 2>&1 || true
    kill "$server"
    wait "$server" || true
    : >"$scratch/port"
    printf '\n== %s\n' "$key"
    # Explained: the certificate of the test is from an authority that takes nothing back
    # (cert_revocation); the door answers a carrier and serves no page to a browser, whose headers
    # are the webhook's to choose (security_headers).
    python3 -B - "$scratch/$key.json" <<'END' || bad=1
import json, sys
explained = {"cert_revocation", "security_headers"}
rank = ["OK", "INFO", "WARN", "LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL"]
with open(sys.argv[1], encoding="utf-8") as file:
    findings = json.load(file)
worse = [f for f in findings if f["severity"] not in ("OK", "INFO")]
for f in sorted(worse, key=lambda f: -rank.index(f["severity"])):
    note = " (explained)" if f["id"] in explained else ""
    print(f'{f["severity"]:8} {f["id"]}: {f["finding"]}{note}')
unexplained = [f for f in worse if rank.index(f["severity"]) > rank.index("LOW")
               and f["id"] not in explained]
print(f"{len(findings)} findings, {len(unexplained)} above LOW without an explanation")
sys.exit(1 if unexplained or len(findings) < 50 else 0)
END
  done
  return "$bad"
}

# bench-postgres: our appends beside PostgreSQL 15's (installed where it is missing), in FOLDER (/tmp)
do_bench_postgres() {
  build append_bench
  sh tests/eventstore/postgres_append_bench.sh build/full/tests/eventstore/append_bench "${FOLDER:-/tmp}"
}

# seeds: SEEDS (default 1000) simulated worlds of CONTACTS (200) people each, from FIRST_SEED (1) on
do_seeds() {
  simulate every_promise_holds_in_every_world CAMPANILE_SEEDS="${SEEDS:-1000}" \
    CAMPANILE_FIRST_SEED="${FIRST_SEED:-1}" CAMPANILE_CONTACTS="${CONTACTS:-200}"
}

# outcome-seeds: SEEDS (default 10000) pairs of worlds whose status callbacks come in order and in any
do_outcome_seeds() {
  simulate the_outcome_does_not_hang_on_how_callbacks_come CAMPANILE_OUTCOME_SEEDS="${SEEDS:-10000}" \
    CAMPANILE_FIRST_SEED="${FIRST_SEED:-1}"
}

# narrow-limits: SEEDS (default 1000) campaigns with crashes; 0 dials past the budget, the day's cap or a closed window
do_narrow_limits() {
  simulate nobody_is_dialled_past_the_money_the_day_or_the_window \
    CAMPANILE_NARROW_SEEDS="${SEEDS:-1000}" CAMPANILE_FIRST_SEED="${FIRST_SEED:-1}"
}

simulate() { # test NAME=VALUE...
  build runner_worlds
  test=$1
  shift
  env "$@" build/full/tests/runner/runner_worlds --run_test="simulation/$test" --log_level=message
}

# kills: the real program killed KILLS (default 25) times in each of eight phases, then with faults besides
do_kills() {
  build campanile crash_shim
  for faults in "" all; do
    python3 -B tests/system/kill_test.py build/full/campanile build/full/tests/system/libcrash_shim.so \
      --per-phase "${KILLS:-25}" --seed "${FIRST_SEED:-1}" --faults "$faults"
  done
}

# kills-1000: the real program killed 1,000 times, in each phase and at random moments, and 5 recoveries at 100,000 events
do_kills_1000() {
  build campanile crash_shim
  for faults in "" all; do
    python3 -B tests/system/kill_test.py build/full/campanile build/full/tests/system/libcrash_shim.so \
      --per-phase 32 --random 250 --seed "${FIRST_SEED:-1}" --faults "$faults"
  done
  python3 -B tests/system/kill_test.py build/full/campanile build/full/tests/system/libcrash_shim.so \
    --per-phase 0 --recoveries 5
}

# second-runners: STARTS (default 100) starts of a second program on a log that somebody runs
do_second_runners() {
  build campanile
  python3 -B tests/system/second_runner_test.py build/full/campanile --starts "${STARTS:-100}" \
    --seed "${FIRST_SEED:-1}"
}

# full-disk: a file system of 4 MiB that fills up during a campaign, before it and at the log's making
do_full_disk() {
  build campanile
  python3 -B tests/system/full_disk_test.py build/full/campanile "$@"
}

# kill-mutants: the kill test against orders and answers that do not wait for the disk; it must go red
do_kill_mutants() {
  program_mutants "order-before-durable answer-before-durable" kill_test.py --per-phase 3
}

# ambiguous-mutants: ambiguous-creates against the four bugs it is there for; it must go red
do_ambiguous_mutants() {
  program_mutants "order-before-durable order-sent-again-in-doubt no-quarantine token-missing" \
    ambiguous_test.py --creates 600 --kills 40
}

# Plants each bug in a copy, builds the program and runs a test of tests/system with it.
program_mutants() { # "mutant..." test argument...
  mutants=$1
  test=$2
  shift 2
  copy=$(mktemp -d "${TMPDIR:-/tmp}/campanile-mutants.XXXXXX")
  trap 'rm -rf "$copy"' EXIT
  trap 'exit 130' INT TERM
  tar -cf - --exclude=./build --exclude=./.git . | tar -C "$copy" -xf -
  git -C "$copy" init -q
  configure "$copy" "$copy/build/full"
  survivors=0
  for mutant in none $mutants; do
    patch=$(pwd)/tests/mutants/$mutant.patch
    [ "$mutant" = none ] || git -C "$copy" apply "$patch"
    cmake --build "$copy/build/full" --target campanile crash_shim >"$copy/output"
    python3 -B "$copy/tests/system/$test" "$copy/build/full/campanile" \
      "$copy/build/full/tests/system/libcrash_shim.so" "$@" >"$copy/output" 2>&1 && code=0 || code=$?
    [ "$mutant" = none ] || git -C "$copy" apply -R "$patch"
    # The table shows that it ran; what it says of a mutant is a problem, not a fall of its own.
    case $mutant,$code in
      none,0) verdict="passes, as it must" ;;
      none,*) verdict="FAILS without a bug ($code)"; survivors=$((survivors + 1)) ;;
      *,0) verdict=SURVIVED; survivors=$((survivors + 1)) ;;
      *) grep -q '^PROBLEM: ' "$copy/output" && verdict="caught: $(sed -n 's/^PROBLEM: //p' "$copy/output" |
           head -n 1 | cut -c1-70)" || { verdict="UNUSABLE ($code)"; survivors=$((survivors + 1)); } ;;
    esac
    printf '%-24s %s\n' "$mutant" "$verdict"
    [ "$code" -eq 0 ] || [ "$mutant" != none ] || tail -n 20 "$copy/output"
  done
  [ "$survivors" -eq 0 ]
}

# ambiguous-creates: CREATES (default 10000) orders whose answer says nothing, KILLS (1000) between them; no number has two calls
do_ambiguous_creates() {
  build campanile crash_shim
  python3 -B tests/system/ambiguous_test.py build/full/campanile \
    build/full/tests/system/libcrash_shim.so --creates "${CREATES:-10000}" --kills "${KILLS:-1000}" \
    --seed "${FIRST_SEED:-1}"
}

# rate: RATE (default 30) calls a second for MINUTES (10) with RESTARTS (20), by the carrier's clock
do_rate() {
  build campanile
  python3 -B tests/system/rate_test.py build/full/campanile --rate "${RATE:-30}" \
    --minutes "${MINUTES:-10}" --restarts "${RESTARTS:-20}" --seed "${FIRST_SEED:-1}"
}

# night-shift: the lines full at the window's end, then a full disk, a kill, another name, and the morning after
do_night_shift() {
  build campanile
  python3 -B tests/system/night_shift_test.py build/full/campanile \
    --in-flight "${IN_FLIGHT:-300}" --overdue "${OVERDUE:-400}" --seed "${FIRST_SEED:-1}"
}

# live-after-rehearsal: rehearse and go live in one directory, from another one, and with a list that grew
do_live_after_rehearsal() {
  build campanile
  python3 -B tests/system/live_after_rehearsal_test.py build/full/campanile "$@"
}

# doctor-tls: doctor and call over TLS with each fault of certificates, settings and the carrier
do_doctor_tls() {
  build campanile make_certificates
  python3 -B tests/system/doctor_tls_test.py build/full/campanile \
    build/full/tests/bridge/make_certificates "$@"
}

# crash-images: IMAGES (default 20000) losses of power during a run of the log, from SEED (1)
do_crash_images() {
  log_suite crash_images CAMPANILE_IMAGES="${IMAGES:-20000}" CAMPANILE_SEED="${SEED:-1}"
}

# damage: DAMAGES (default 1500) wrong bits in database, WAL and witness, every cut, and EDITS (1000) of rows
do_damage() {
  log_suite damage CAMPANILE_DAMAGES="${DAMAGES:-1500}" CAMPANILE_EDITS="${EDITS:-1000}" \
    CAMPANILE_SEED="${SEED:-1}"
}

# io-errors: each of the first 500 writes and syncs of the log fails, once and for good
do_io_errors() {
  log_suite io_error CAMPANILE_FAULT_STRIDE=1
  build campanile crash_shim
  python3 -B tests/system/io_error_test.py build/full/campanile \
    build/full/tests/system/libcrash_shim.so --failures "${FAILURES:-200}" --seed "${FIRST_SEED:-1}"
}

log_suite() { # suite NAME=VALUE...
  build eventstore_tests
  suite=$1
  shift
  env "$@" build/full/tests/eventstore/eventstore_tests --run_test="$suite" --log_level=message
}

# mutants: plants each bug of tests/mutants (or the named ones) in a copy; its suite must go red
do_mutants() {
  copy=$(mktemp -d "${TMPDIR:-/tmp}/campanile-mutants.XXXXXX")
  trap 'rm -rf "$copy"' EXIT
  trap 'exit 130' INT TERM
  tar -cf - --exclude=./build --exclude=./.git . | tar -C "$copy" -xf -
  # git apply would go by the index of a repository above the copy.
  git -C "$copy" init -q
  configured=$copy/build/full
  configure "$copy" "$configured"

  if [ "$#" -eq 0 ]; then set -- tests/mutants/*.patch; fi
  survivors=0
  table=$copy/table
  healthy=$copy/healthy
  : >"$healthy"
  for patch in "$@"; do
    [ -e "$patch" ] || patch=tests/mutants/${patch%.patch}.patch
    # "Suite: runner_worlds/simulation" stands above the patch: the program to build, its suite to run.
    where=$(sed -n 's/^Suite: *//p' "$patch" | head -n 1)
    program=${where%%/*}
    suite=${where#*/}
    verdict=
    # Without the bug the suite must pass, or its red would say nothing.
    if ! grep -qxF "$where" "$healthy"; then
      build_and_run_suite && code=0 || code=$?
      if [ "$code" -ne 0 ]; then
        verdict="UNUSABLE: $where fails without the bug ($code)"
      else
        echo "$where" >>"$healthy"
      fi
    fi
    if [ -z "$verdict" ]; then
      if git -C "$copy" apply "$(pwd)/$patch" 2>"$copy/errors"; then
        build_and_run_suite && code=0 || code=$?
        git -C "$copy" apply -R "$(pwd)/$patch"
        case $code in
          0) verdict="SURVIVED" ;;
          99) verdict="UNUSABLE: does not compile" ;;
          200) verdict="UNUSABLE: no suite $where" ;;
          124) verdict="caught (hangs)" ;;
          *) verdict="caught ($code)" ;;
        esac
      else
        verdict="UNUSABLE: does not apply"
      fi
    fi
    case $verdict in caught*) ;; *) survivors=$((survivors + 1)) ;; esac
    line=$(printf '%-40s %-32s %s' "$(basename "$patch" .patch)" "$where" "$verdict")
    echo "$line" | tee -a "$table"
  done
  printf '\n'
  cat "$table"
  [ "$survivors" -eq 0 ]
}

# The suite's exit code; 99 where it cannot be built, 124 where it does not end.
build_and_run_suite() {
  if ! cmake --build "$configured" --target "$program" campanile >"$copy/output" 2>&1; then
    tail -n 20 "$copy/output"
    return 99
  fi
  binary=$(find "$configured/tests" -name "$program" -type f)
  timeout "${MUTANT_SECONDS:-900}" "$binary" --run_test="$suite" >"$copy/output" 2>&1
}

# tls-refusals: the table of bad TLS peers, then a handshake cut off and spoilt at each of its bytes; none is accepted
do_tls_refusals() {
  build bridge_tests
  CAMPANILE_TLS_STRIDE="${STRIDE:-1}" build/full/tests/bridge/bridge_tests --run_test=tls_refusals --log_level=message
}

# forged-requests: all signature vectors, FORGED (default 10000) requests changed on their way and as many sent again; none changes the state
do_forged_requests() {
  build bridge_tests webhook_tests
  build/full/tests/bridge/bridge_tests --run_test=twilio_signature --log_level=message
  CAMPANILE_FORGED="${FORGED:-10000}" build/full/tests/webhook/webhook_tests \
    --run_test=forged_requests --log_level=message
}

# backup-kills: KILLS (default 50) backups killed while another process writes the log; what is whole is restored
do_backup_kills() {
  build campanile
  python3 -B tests/system/backup_kill_test.py build/full/campanile --kills "${KILLS:-50}" \
    --seed "${FIRST_SEED:-1}" --people 3000
}

# forget-range: the digests of every Italian mobile number against a log and its backups that forgot somebody
do_forget_range() {
  build campanile number_range
  python3 -B tests/system/forget_test.py build/full/campanile build/full/tests/system/number_range \
    --whole-range NumberRangeTest LeftoverTest.test_while_nothing_runs
}

# analysts: a 300-person survey in pandas, R and LibreOffice (installed where they are missing), and as a data package
do_analysts() {
  sh runner/install_packages.sh tests/system/packages-analysts.txt
  build campanile
  python3 -B tests/system/analysts_test.py build/full/campanile "$@"
}

# results: package, rates by hand, recoding, report, and MOMENTS (20) moments of a run as they were then
do_results() {
  build campanile
  MOMENTS="${MOMENTS:-20}" python3 -B tests/system/results_test.py build/full/campanile "$@"
}

# what-if: campaigns replayed under the policy that they had: every attempt at its moment, in PEOPLE (300) people and SEEDS (5)
do_what_if() {
  build campanile
  PEOPLE="${PEOPLE:-300}" SEEDS="${SEEDS:-5}" \
    python3 -B tests/system/what_if_test.py build/full/campanile "$@"
}

# complaints: what people say of other systems that call, a test for each of 25 complaints
do_complaints() {
  build campanile
  python3 -B tests/system/complaints_test.py build/full/campanile "$@"
}

# two-campaigns: two campaigns for the same PEOPLE (1000), and OPT_OUTS (200) of one, in each way: the other stops within a second
do_two_campaigns() {
  build campanile
  PEOPLE="${PEOPLE:-1000}" OPT_OUTS="${OPT_OUTS:-200}" \
    python3 -B tests/system/two_campaigns_test.py build/full/campanile "$@"
}

# random-campaigns: CAMPAIGNS (1000) campaign files made by chance from CAMPANILE_FIRST_SEED on; no call breaks a rule, by a second reading of them
do_random_campaigns() {
  build campanile
  CAMPAIGNS="${CAMPAIGNS:-1000}" python3 -B tests/system/random_campaigns_test.py build/full/campanile "$@"
}

# bench-export: the wide file of CONTACTS (1000000) people beside a bare scan and a bare CSV writer, and the memory it takes
do_bench_export() {
  build export_bench
  build/full/tests/runner/export_bench "${CONTACTS:-1000000}" ${FOLDER:+"$FOLDER"}
}

# peers: other people's clients (npm twilio, express, ws, openai), pinned in tests/peers, against the rehearsal carrier and our door
do_peers() {
  build campanile make_certificates ws_echo
  peers_folder
  if [ "$#" -eq 0 ]; then
    set -- "outbound" "outbound simple" "outbound agent" "outbound recorded" "rest" "express" "agent" "ws" "media"
  fi
  bad=0
  table=$scratch/table
  for case in "$@"; do
    # shellcheck disable=SC2086  # a case and its argument
    if run_peer $case >"$scratch/output" 2>&1; then
      verdict=passes
    else
      verdict=FAILS
      bad=1
      cat "$scratch/output"
    fi
    printf '%-24s %s\n' "$case" "$verdict" | tee -a "$table"
  done
  printf '\n'
  cat "$table"
  return "$bad"
}

# bench-webhook: our door beside Express with Twilio's library and a bare responder: one core each, ROUNDS (3) of SECONDS (5)
do_bench_webhook() {
  build campanile webhook_load bare_responder door_server
  peers_folder
  python3 -B tests/webhook/webhook_bench.py build/full "$scratch"
}

# bench-media: our media bridge beside one on npm ws, one load at both ends, at the largest that it carries or CALLS; SECONDS (8), ROUNDS (3)
do_bench_media() {
  build media_load media_bridge
  peers_folder
  python3 -B tests/bridge/media_bench.py build/full "$scratch"
}

# A scratch copy of tests/peers with its packages, in $scratch.
peers_folder() {
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/campanile-peers.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM
  cp tests/peers/*.mjs tests/peers/*.json "$scratch"
  (cd "$scratch" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
}

run_peer() { # case [argument]
  script=$1.mjs
  shift
  CAMPANILE=$(pwd)/build/full/campanile \
    MAKE_CERTIFICATES=$(pwd)/build/full/tests/bridge/make_certificates \
    WS_ECHO=$(pwd)/build/full/tests/bridge/ws_echo \
    timeout 300 node "$scratch/$script" "$@"
}

list() {
  echo "usage: sh tests/full.sh NAME [ARGUMENT...]"
  sed -n 's/^# \([a-z0-9-]*\): /  \1  /p' tests/full.sh
}

if [ "$#" -eq 0 ]; then list; exit 0; fi
name=$1
shift
thing=do_$(echo "$name" | tr - _)
if ! grep -q "^$thing()" tests/full.sh; then
  echo "tests/full.sh: no $name" >&2
  list >&2
  exit 2
fi
"$thing" "$@"
