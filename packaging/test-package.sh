#!/usr/bin/env bash
# Installs the package where it is to be installed: on Debian 12, where it is built, and on the current stable Debian. There
# it mounts, and is purged again. Debian 12 runs its systemd then, and blobmount as its service.
# Needs root, and the release build's blobmount and blob-service, which it builds where they are missing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/processes.sh"

readonly oldest=bookworm here=$root/packaging/package-test
state=$build/package-test-$$
readonly with_systemd=systemd,systemd-sysv,dbus
readonly size=1048576 # bytes of the blob

say() { printf 'package: %s\n' "$*"; }

mirror() {
  # shellcheck disable=SC2016 # it is apt-get that expands it
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

# The code name of what the mirror calls stable.
stable() {
  local name
  name=$(/usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file "$1dists/stable/Release" "$state/Release" \
    >"$state/helper.log" 2>&1 && sed --quiet 's/^Codename: //p' "$state/Release")
  [[ -n $name ]] || fail "the mirror $1 does not say which Debian is stable: $(tail -n 1 "$state/helper.log")"
  printf '%s\n' "$name"
}

# make_debian SUITE MIRROR PACKAGES: its smallest, with apt, in $state/SUITE.
make_debian() {
  say "making a Debian $1."
  mmdebstrap --quiet --variant=apt --include="$3" "$1" "$state/$1" "$2" \
    >"$state/$1.log" 2>&1 ||
    fail "no Debian $1 can be had of $2, so the package is not tested there: $(tail -n 5 "$state/$1.log")"
}

start_service() {
  start "$state" blob-service "$build/release/tests/blob-service" --port 0 --port-file "$state/port" \
    --blob "test/file.bin:$size"
  wait_for "$state" blob-service test -s "$state/port" ||
    fail "the fake service did not start: $(<"$state/blob-service.log")"
  url=http://127.0.0.1:$(<"$state/port")/devstoreaccount1/test
}

# within SUITE COMMAND...: there, with what a mount needs.
within() {
  local at=$state/$1
  shift
  # shellcheck disable=SC2016 # the inner shell expands it
  unshare --mount --propagation slave --pid --fork --kill-child bash -euo pipefail -c '
    at=$1; shift
    mount --bind "$at" "$at"
    mount -t proc proc "$at/proc"
    mount -t tmpfs -o mode=755 run "$at/run"
    touch "$at/dev/fuse"; mount --bind /dev/fuse "$at/dev/fuse"
    exec env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
      chroot "$at" "$@"' bash "$at" "$@"
}

# test_in SUITE
test_in() {
  local suite=$1 package=$2
  cp "$package" "$state/$suite/root/blobmount.deb"
  cp "$here/in-debian.sh" "$state/$suite/root/"
  say "installing it on $suite, and mounting there."
  within "$suite" bash /root/in-debian.sh install >>"$state/$suite.log" 2>&1 ||
    fail "the package cannot be installed on $suite: $(tail -n 12 "$state/$suite.log")"
  within "$suite" bash /root/in-debian.sh mount "$url" "$size" >>"$state/$suite.log" 2>&1 ||
    fail "blobmount does not mount on $suite: $(tail -n 12 "$state/$suite.log")"
  rm "$state/$suite/root/blobmount.deb" "$state/$suite/root/in-debian.sh"
}

# purge_from SUITE: nothing of that name is left there, whoever made it.
purge_from() {
  local suite=$1 left
  within "$suite" apt-get --yes --quiet purge blobmount >>"$state/$suite.log" 2>&1 ||
    fail "the package cannot be purged from $suite: $(tail -n 5 "$state/$suite.log")"
  left=$(cd "$state/$suite" && find . -xdev -iname '*blobmount*' -not -path './proc/*' -not -path './var/log/*' \
    -not -path './tmp/*')
  [[ -z $left ]] || fail "the package leaves behind on $suite: $left"
}

# A container of systemd's that boots, and ends with the status of in-systemd.sh.
test_service() {
  local at=$state/$oldest status=0 devices=(--bind=/dev/fuse)
  [[ ! -c /dev/autofs ]] || devices+=(--bind=/dev/autofs)
  say "starting the systemd of $oldest, with blobmount@data as its service."
  cp "$here/in-systemd.sh" "$at/root/"
  cp "$here/check.service" "$at/etc/systemd/system/"
  printf '%s\n%s\n' "$url" "$size" >"$at/root/service"
  timeout --foreground 120 systemd-nspawn --quiet --directory="$at" --boot --register=no --keep-unit --console=pipe \
    "${devices[@]}" --machine="blobmount-$$" --link-journal=no --kill-signal=SIGRTMIN+3 -- \
    systemd.unit=check.service </dev/null >"$state/boot.log" 2>&1 || status=$?
  [[ $status == 0 && -e $at/root/passed ]] ||
    fail "the service went wrong ($status): $(tail -n 30 "$at/root/check.log" 2>/dev/null || tail -n 20 "$state/boot.log")"
  rm -f "$at"/root/{in-systemd.sh,service,passed,check.log} "$at/etc/systemd/system/check.service"
}

clean_up() {
  trap '' INT TERM HUP
  set +e
  end_processes "$state"
  # where systemd does not run here, the container leaves its control groups behind; those in use stay
  [[ -d /run/systemd/system ]] ||
    find /sys/fs/cgroup -depth -type d \( -path '*/payload*' -o -path '*/supervisor' \) -exec rmdir {} \; 2>/dev/null
  rm -rf --one-file-system "$state"
}

((EUID == 0)) || fail 'only root can install packages and boot a container.'
[[ -c /dev/fuse ]] || fail 'there is no /dev/fuse.'
mkdir -p "$state"
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

alone build_preset release blob-service
say 'building the package.'
package=$("$root/packaging/package.sh" deb | tail -n 1)
from=$(mirror)
[[ -n $from ]] || fail 'apt knows no mirror of Debian.'
newest=$(stable "$from")
start_service
make_debian "$oldest" "$from" "$with_systemd"
suites=("$oldest")
if [[ $newest != "$oldest" ]]; then
  make_debian "$newest" "$from" apt
  suites+=("$newest")
fi
for suite in "${suites[@]}"; do test_in "$suite" "$package"; done
test_service
for suite in "${suites[@]}"; do purge_from "$suite"; done
say "it installs, mounts and is purged on ${suites[*]}, and serves as a unit of systemd."
