#!/usr/bin/env bash
# Installs what is missing to build blobmount, to run its demo and to run its tests, on Debian 12 or newer.
# Asks the package servers nothing when all is there.
#   packaging/install-dependencies.sh [build|demo|test]      each holds the one before; all of it unless told
#   packaging/install-dependencies.sh package                what builds, and what makes packages of that
set -euo pipefail

readonly oldest_node=18 # what Azurite 3.35 runs on

# What builds the program and, since a demo needs one of the fakes, the programs of tests/.
packages_for_build=(g++ cmake ninja-build pkg-config
  libfuse3-dev libcurl4-openssl-dev libssl-dev libpugixml-dev nlohmann-json3-dev libcli11-dev libisal-dev
  libgtest-dev libgmock-dev
  dpkg-dev meson patch liburing-dev libnuma-dev) # of libfuse, which is built, too
# fuse3 brings fusermount3, which mounts for those who are not root.
packages_for_demo=(fuse3 mount openssl curl ca-certificates)
# What the tests run, most of it on a mount, and the second compiler with its sanitizers.
packages_for_test=(fish zsh attr rsync tar python3 git sqlite3 procps clang libclang-rt-dev
  prometheus tmux) # promtool looks at the metrics; top is watched in a terminal
packages_for_package=(file man-db groff rpm)
# Other Debians to install a package in, one of them with a systemd that runs.
packages_for_test+=("${packages_for_package[@]}" mmdebstrap systemd-container shellcheck)

fail() {
  printf 'install-dependencies: %s\n' "$*" >&2
  exit 1
}

is_installed() { [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Node is wanted by what it can do, not by its package: many machines have it from elsewhere.
has_node() {
  command -v npm >/dev/null && command -v node >/dev/null &&
    node -e "process.exit(parseInt(process.versions.node) >= $oldest_node ? 0 : 1)"
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"
}

install() {
  ((EUID == 0)) || fail "missing: $*. Run this as root, or install these first."
  local log
  log=$(mktemp)
  if ! { apt update && apt install --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install: $*. What it said stands above."
  fi
  rm -f "$log"
}

wanted=("${packages_for_build[@]}")
case ${1-test} in
  build) ;;
  demo) wanted+=("${packages_for_demo[@]}") ;;
  test) wanted+=("${packages_for_demo[@]}" "${packages_for_test[@]}") ;;
  package) wanted+=("${packages_for_package[@]}") ;;
  *) fail "unknown purpose '$1': it is build, demo, test or package." ;;
esac

command -v dpkg-query >/dev/null || fail "this is no Debian: install what this script names by other means."

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
needs_node() { [[ ${1-test} == demo || ${1-test} == test ]]; }
! needs_node "$@" || has_node || missing+=(nodejs npm)

((${#missing[@]} == 0)) || {
  printf 'Installing %s.\n' "${missing[*]}"
  install "${missing[@]}"
}
! needs_node "$@" || has_node ||
  fail "Node.js $oldest_node or newer and npm are needed, and what stands in the way is $(command -v node npm)."
