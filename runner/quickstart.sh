#!/bin/sh
# From an empty Debian 12 machine to the results of a campaign: installs what is missing, builds the
# program, and rehearses the example survey, where nobody's telephone rings. Run it as often as you
# like; each run starts the rehearsal afresh.
#   usage: sh runner/quickstart.sh
set -eu
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$1"; }

step "Packages"
sh runner/install_packages.sh runner/packages.txt
echo "all there"

step "Build (the first time takes some minutes)"
cmake --preset release -Wno-dev --log-level=WARNING >/dev/null
cmake --build --preset release

campanile=build/release/campanile
campaign=campaigns/examples/appointments.json
place=build/quickstart
log=$place/appointments.db
rm -rf "$place"
mkdir -p "$place"

step "Rehearse $campaign"
"$campanile" run "$campaign" --log "$log"

step "Verify the log"
"$campanile" verify --log "$log"

step "Export the results"
"$campanile" export --log "$log" --to "$place/results"

for file in "$place"/results/*; do
  step "$file: $(wc -l <"$file") lines, which begin"
  head -n 4 "$file" | cut -c 1-160
done

step "From here"
cat <<EOF2
The results are in $place/results, the log is $log. Try:
  $campanile explain --log $log --contact 1     why was this person called, or not?
  $campanile log --log $log                     every event, as it was written
  $campanile replay --log $log                  the state again, from the log alone
  $campanile check $campaign                    what is wrong with a campaign, before it runs
Then copy $campaign and its contact list, and make them yours. No real telephone
rings before you say --carrier twilio. README.md has the rest; man -l runner/campanile.1 the manual.
EOF2
