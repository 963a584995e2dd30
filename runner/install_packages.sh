#!/bin/sh
# Installs what is missing of the Debian packages that the named lists ask for: the part that
# runner/quickstart.sh and tests/run.sh share. Touches nothing when all are there.
#   usage: install_packages.sh LIST...
set -eu

if ! command -v apt-get >/dev/null 2>&1; then
  echo "campanile: this is not Debian (no apt-get). Install what these files list, by the names" >&2
  echo "your system has for it, and build with: cmake --workflow --preset release" >&2
  echo "  $*" >&2
  exit 3
fi

missing=
for package in $(sed 's/#.*//' "$@"); do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "campanile: these packages are missing, and only root can install them:$missing" >&2
    echo "As root: apt-get install --no-install-recommends$missing" >&2
    exit 3
  fi
  as_root=sudo
fi

echo "Installing:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # one word per package, and no word where we are root
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
  </dev/null >/dev/null
