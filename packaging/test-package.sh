#!/usr/bin/env bash
# Installs the package where it is to be installed: on Debian 12, where it is built, and on the current stable Debian. There
# it mounts, by itself and through mount(8), and is purged again. Debian 12 runs its systemd then, and blobmount as its service.
# Needs root, and the release build's blobmount and blob-service, which it builds where they are missing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/processes.sh"

readonly oldest=bookworm here=$root/packaging/package-test
readonly with_systemd=systemd,systemd-sysv,dbus
readonly size=1048576 # bytes of the blob
state=$(state_of_this_run "$build/package-test") # all that this run makes

say() { printf 'package: %s\n' "$*"; }

# log NAME: the last that the step of that name said.
log() { tail -n 12 "$state/$1.log"; }

# --- Debians ---------------------------------------------------------------------------------------------------------

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

# begin_debian SUITE MIRROR PACKAGES: its smallest, with apt, comes to be in $state/SUITE.
declare -A making
begin_debian() {
  say "making a Debian $1."
  start "$state" "make-$1" mmdebstrap --quiet --variant=apt --skip=cleanup/apt/lists --include="$3" "$1" \
    "$state/$1" "$2"
  making[$1]=$!
}

await_debian() { wait "${making[$1]}" || fail "no Debian $1 can be had, so the package is not tested there: $(log "make-$1")"; }

# within NAME SUITE COMMAND...: there, with what a mount needs.
within() {
  local name=$1 at=$state/$2
  shift 2
  # shellcheck disable=SC2016 # the inner shell expands it
  attend "$state" "$name" unshare --mount --propagation slave --pid --fork --kill-child bash -euo pipefail -c '
    at=$1; shift
    mount --bind "$at" "$at"
    mount -t proc proc "$at/proc"
    mount -t tmpfs -o mode=755 run "$at/run"
    touch "$at/dev/fuse"; mount --bind /dev/fuse "$at/dev/fuse"
    exec env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
      chroot "$at" "$@"' bash "$at" "$@"
}

# --- what is tested --------------------------------------------------------------------------------------------------

start_service() {
  start "$state" blob-service "$build/release/tests/blob-service" --port 0 --port-file "$state/port" \
    --blob "test/file.bin:$size"
  wait_for "$state" blob-service test -s "$state/port" ||
    fail "the fake service did not start: $(<"$state/blob-service.log")"
  url=http://127.0.0.1:$(<"$state/port")/devstoreaccount1/test
}

# Sets package.
make_packages() {
  say 'building the packages.'
  "$root/packaging/package.sh" deb rpm >"$state/packages.log" || fail "they cannot be built: $(log packages)"
  package=("$build"/packages/*.deb)
}

# It cannot be installed here: what is in it is looked at.
test_rpm() {
  local file
  rpm --query --package --list "$build"/packages/*.rpm >"$state/rpm.log" 2>&1 || fail "rpm cannot read it: $(log rpm)"
  for file in /usr/bin/blobmount /usr/sbin/mount.blobmount /usr/lib/systemd/system/blobmount@.service \
    /usr/share/man/man1/blobmount.1 /usr/share/zsh/site-functions/_blobmount; do
    grep --quiet --line-regexp --fixed-strings "$file" "$state/rpm.log" || fail "the rpm has no $file."
  done
}

# test_in SUITE
test_in() {
  local suite=$1
  cp "${package[0]}" "$state/$suite/root/blobmount.deb"
  cp "$here/in-debian.sh" "$state/$suite/root/"
  say "installing it on $suite, and mounting there."
  within "install-$suite" "$suite" bash /root/in-debian.sh install ||
    fail "the package cannot be installed on $suite: $(log "install-$suite")"
  within "mount-$suite" "$suite" bash /root/in-debian.sh mount "$url" "$size" ||
    fail "blobmount does not mount on $suite: $(log "mount-$suite")"
  rm "$state/$suite/root/blobmount.deb" "$state/$suite/root/in-debian.sh"
}

# purge_from SUITE: nothing of that name is left there, whoever made it.
purge_from() {
  local suite=$1 left
  within "purge-$suite" "$suite" apt-get --yes --quiet purge blobmount ||
    fail "the package cannot be purged from $suite: $(log "purge-$suite")"
  left=$(cd "$state/$suite" && find . -xdev -iname '*blobmount*' -not -path './proc/*' -not -path './var/log/*' \
    -not -path './tmp/*')
  [[ -z $left ]] || fail "the package leaves behind on $suite: $left"
}

# --- a container that boots ------------------------------------------------------------------------------------------

# A container's control groups, in each hierarchy that systemd-nspawn uses: in groups of this run's own, all that is in the
# container can be told, and ended, and no more than that.
control_groups() {
  local at
  if at=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET); then
    printf '%s%s/%s\n' "$at" "$(sed --quiet 's/^0:://p' /proc/self/cgroup)" "${state##*/}"
  fi
  if at=$(findmnt --noheadings --first-only --types cgroup --options name=systemd --output TARGET); then
    printf '%s%s/%s\n' "$at" "$(sed --quiet 's/^[0-9]*:name=systemd://p' /proc/self/cgroup)" "${state##*/}"
  fi
}

# boot DIRECTORY: until it ends, with the status of in-systemd.sh; at most two minutes.
boot() {
  local devices=(--bind=/dev/fuse)
  [[ ! -c /dev/autofs ]] || devices+=(--bind=/dev/autofs)
  control_groups >"$state/control-groups"
  # shellcheck disable=SC2016 # the inner shell expands it
  attend "$state" boot timeout --foreground --kill-after=20 120 bash -euo pipefail -c '
    groups=$1; shift
    while read -r group; do mkdir "$group"; printf "%s\n" $$ >"$group/cgroup.procs"; done <"$groups"
    exec systemd-nspawn "$@"' bash "$state/control-groups" \
    --quiet --directory="$1" --boot --register=no --keep-unit --console=pipe "${devices[@]}" --machine="${state##*/}" \
    --link-journal=no --kill-signal=SIGRTMIN+3 -- systemd.unit=check.service
}

test_service() {
  local at=$state/$oldest status=0
  say "starting the systemd of $oldest, with blobmount@data as its service."
  cp "$here/in-systemd.sh" "$at/root/"
  cp "$here/check.service" "$at/etc/systemd/system/"
  printf '%s\n%s\n' "$url" "$size" >"$at/root/service"
  boot "$at" || status=$?
  [[ $status == 0 && -e $at/root/passed ]] ||
    fail "the service went wrong ($status): $(tail -n 30 "$at/root/check.log" 2>/dev/null || log boot)"
  rm -f "$at"/root/{in-systemd.sh,service,passed,check.log} "$at/etc/systemd/system/check.service"
}

# --- the end ---------------------------------------------------------------------------------------------------------

remove_group() { find "$1" -depth -type d -exec rmdir {} + 2>/dev/null; }

# remove_container STATE: where systemd-nspawn was killed, it has left its processes, too.
remove_container() {
  local group pid
  [[ -e $1/control-groups ]] || return 0
  while read -r group; do
    [[ -d $group ]] || continue
    while read -r pid; do kill -KILL "$pid" 2>/dev/null; done < <(find "$group" -name cgroup.procs -exec cat {} +)
    wait_until 5 remove_group "$group"
  done <"$1/control-groups"
  rmdir "/run/systemd/nspawn/propagate/${1##*/}" 2>/dev/null
}

remove_directory() { rm -rf --one-file-system "$1" 2>/dev/null; }

# clean_up STATE: nothing is left of that run.
clean_up() {
  end_processes "$1"
  remove_container "$1"
  # what dpkg is told to end may still write a file
  wait_until 10 remove_directory "$1" || say "$1 cannot be removed."
}

at_the_end() {
  trap '' INT TERM HUP
  set +e # what can be ended is ended, whatever else fails
  clean_up "$state"
}

sweep_up_killed_runs() {
  local killed left
  mapfile -t killed < <(killed_runs "$build/package-test")
  for left in "${killed[@]}"; do (
    set +e
    clean_up "$left"
  ); done
}

((EUID == 0)) || fail 'only root can install packages and boot a container.'
[[ -c /dev/fuse ]] || fail 'there is no /dev/fuse.'
sweep_up_killed_runs
mkdir -p "$state"
trap at_the_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

from=$(mirror)
[[ -n $from ]] || fail 'apt knows no mirror of Debian.'
newest=$(stable "$from")
suites=("$oldest")
begin_debian "$oldest" "$from" "$with_systemd"
if [[ $newest != "$oldest" ]]; then
  begin_debian "$newest" "$from" apt
  suites+=("$newest")
fi
alone build_preset release blob-service
make_packages
test_rpm
start_service
for suite in "${suites[@]}"; do
  await_debian "$suite"
  test_in "$suite"
done
test_service
for suite in "${suites[@]}"; do purge_from "$suite"; done
say "it installs, mounts and is purged on ${suites[*]}, and serves as a unit of systemd."
