#!/bin/sh
# Everything a change must pass, as CI runs it: installs what is missing on Debian 12, builds the
# preset dev and the worlds, runs every test, and `bridge` but for the rehearsal once more under
# valgrind. Ends with the summary of ctest. At most 15 minutes on two cores.
#   usage: sh tests/run.sh
set -eu
cd "$(dirname "$0")/.."

sh runner/install_packages.sh runner/packages.txt runner/packages-tests.txt
cmake --preset dev -Wno-dev --log-level=WARNING >/dev/null
cmake --build --preset whole
ctest --preset whole --no-label-summary
