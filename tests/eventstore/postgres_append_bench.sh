#!/bin/sh
# Our appends beside PostgreSQL 15's, on one disk in one run: one INSERT a commit, and an INSERT of 100
# and of 1000 rows, each with synchronous_commit=on. A cluster of its own in FOLDER, reached by its
# socket alone, is made, used and removed.
#   usage: sh tests/eventstore/postgres_append_bench.sh APPEND_BENCH [FOLDER]
# PostgreSQL twice: "sent" is a client that sends its rows as one INSERT, "constants" is a statement
# prepared once with the rows in it, so that none is sent or read: no client could have that, and it
# is the limit. Its table has no trigger, no hash chain and nothing sealed. Ours has all of it.
set -eu
bench=$(realpath "$1")
folder=$(realpath "${2:-${TMPDIR:-/tmp}}")
programs=/usr/lib/postgresql/15/bin
seconds=${SECONDS_EACH:-5}

if [ ! -x "$programs/initdb" ] || [ ! -x "$programs/pgbench" ]; then
  # Without the cluster that Debian would start at once.
  mkdir -p /etc/postgresql-common/createcluster.d
  echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/campanile.conf
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql-15 >/dev/null
fi

scratch=$(mktemp -d "$folder/campanile-postgres.XXXXXX")
# It does not run as root.
if [ "$(id -u)" -eq 0 ]; then
  chown postgres "$scratch"
  as() { runuser -u postgres -- "$@"; }
else
  as() { "$@"; }
fi
clean_up() {
  as "$programs/pg_ctl" -D "$scratch/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

cd "$scratch"
as "$programs/initdb" -D "$scratch/data" -A trust -U bench -E UTF8 --locale=C >/dev/null
as "$programs/pg_ctl" -D "$scratch/data" -w -t 60 -l "$scratch/server.log" start \
  -o "-c listen_addresses='' -k $scratch -c synchronous_commit=on -c fsync=on -c max_wal_size=4GB" \
  >/dev/null
ask() {
  PGOPTIONS="-c client_min_messages=warning" as "$programs/psql" -h "$scratch" -U bench -d postgres -q -v ON_ERROR_STOP=1 -c "$1"
}

# What append_bench writes: 218 bytes of payload, a hash, and 88 sealed bytes in each second row.
filler=$(printf '%205s' '' | tr ' ' x)
hash=$(printf '%64s' '' | tr ' ' a)
sealed=$(printf '%176s' '' | tr ' ' b)
rows() { # how many
  awk -v rows="$1" -v filler="$filler" -v hash="$hash" -v sealed="$sealed" 'BEGIN {
    printf "INSERT INTO event(stream, version, type, schema, recorded_at, epoch, key_id, personal, payload, hash) VALUES "
    for (i = 0; i < rows; ++i) {
      personal = i % 2 ? "NULL" : "\x27\\x" sealed "\x27"
      printf "%s(\x27contact/benchmark-campaign/%d\x27, 1, \x27CallRinging\x27, 1, 1700000000000, 1, %d, %s, \x27{\"filler\":\"%s\"}\x27, \x27\\x%s\x27)", (i ? ", " : ""), 1000000 + i, i, personal, filler, hash
    }
    print ";"
  }'
}

middle() { sort -n "$1" | sed -n 2p; }

echo "Rows a second: the middle of three rounds by turns; PostgreSQL runs for $seconds s in each."
for size in 1 100 1000; do
  rows "$size" >"$scratch/insert.sql"
  rm -f "$scratch/simple" "$scratch/prepared" "$scratch/ours"
  for round in 1 2 3; do
    "$bench" --ours "$size" "$scratch" >>"$scratch/ours"
    for protocol in simple prepared; do
      ask "DROP TABLE IF EXISTS event"
      ask "CREATE TABLE event(position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
           stream text NOT NULL, version bigint NOT NULL, type text NOT NULL, schema integer NOT NULL,
           recorded_at bigint NOT NULL, occurred_at bigint, epoch bigint NOT NULL, cause bigint,
           key_id bigint, personal bytea, payload text NOT NULL, hash bytea NOT NULL)"
      ask CHECKPOINT
      as timeout 120 "$programs/pgbench" -h "$scratch" -U bench -n -M "$protocol" -c 1 -T "$seconds" \
        -f "$scratch/insert.sql" postgres 2>/dev/null |
        awk -v size="$size" '/^tps = / { printf "%d\n", $3 * size }' >>"$scratch/$protocol"
    done
  done
  awk -v size="$size" -v sent="$(middle "$scratch/simple")" \
    -v constants="$(middle "$scratch/prepared")" -v ours="$(middle "$scratch/ours")" 'BEGIN {
    printf "%5d a commit   ours %7d/s   PostgreSQL, sent %7d/s (ratio %.2f)   constants %7d/s (ratio %.2f)\n",
           size, ours, sent, ours / sent, constants, ours / constants
  }'
done
