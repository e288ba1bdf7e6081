#!/usr/bin/env bash
# With a systemd that runs: test-package.sh has it started there. Its end is the container's.
set -euxo pipefail

{ read -r url && read -r size; } </root/service
readonly unit=blobmount@data.service

whole() { [[ $(timeout 20 cat "$1" | wc --bytes) == "$size" ]]; }
# configure MORE: settings besides the necessary
configure() {
  printf '{\n  // what is mounted\n  "source": "%s",\n  "mount-point": "/mnt/data",%s\n  "auth": "anonymous"\n}\n' "$url" "$1" \
    >/etc/blobmount/data.json
}
show() { systemctl show --property "$1" --value "$unit"; }
# at_last COMMAND...: within 30 seconds or so
at_last() {
  local i
  for ((i = 0; i < 150; i++)); do
    if "$@"; then return; fi
    sleep 0.2
  done
  return 1
}
trap 'systemctl status --no-pager --full "$unit" || true; journalctl --no-pager --unit "$unit" | tail -n 20' ERR

# as somebody would write it
mkdir -p /mnt/data /mnt/fstab
configure ''
systemd-analyze verify --man=no "$unit" # there is no man here
systemd-analyze security --no-pager "$unit" | tail -n 1

# it is started when the mount is there, and everybody sees it
systemctl start "$unit"
whole /mnt/data/file.bin
[[ $(show StatusText) == "serving devstoreaccount1/test on /mnt/data" ]]
in_journal() { journalctl --unit "$unit" "$@" --output cat | grep . >/dev/null; }
at_last in_journal BLOBMOUNT_EVENT=mounted
[[ $(readlink /proc/1/ns/mnt) == "$(readlink "/proc/$(show MainPID)/ns/mnt")" ]]

# one that has died is started anew, on the mount point that it left dead
before=$(show MainPID)
kill -KILL "$before"
another() { [[ $(show ActiveState) == active && $(show MainPID) != "$before" ]]; }
at_last another
whole /mnt/data/file.bin

# one that hangs is ended by the watchdog, and started anew
mkdir -p /run/systemd/system/blobmount@.service.d
printf '[Service]\nWatchdogSec=2\nRestartSec=0\n' >/run/systemd/system/blobmount@.service.d/short.conf
systemctl daemon-reload
systemctl restart "$unit"
sleep 4 # in which it is told that all is well, twice
[[ $(show NRestarts) == 0 && $(show ActiveState) == active ]]
before=$(show MainPID)
kill -STOP "$before"
at_last another
whole /mnt/data/file.bin

# what can change while it is mounted comes into force; a mistake changes nothing
changed() { journalctl --unit "$unit" --output cat | grep 'settings have changed' >/dev/null; }
before=$(show MainPID)
configure ' "rate-limit": "1GiB",'
systemctl reload "$unit"
at_last changed
configure ' "rate-limti": "1GiB",'
if systemctl reload "$unit"; then exit 1; fi
[[ $(show ActiveState) == active && $(show MainPID) == "$before" ]]
whole /mnt/data/file.bin

systemctl stop "$unit"
[[ $(show Result) == success ]]
if mountpoint --quiet /mnt/data; then exit 1; fi

# a line of fstab, mounted when it is looked at where the kernel lets this container have that (/dev/autofs)
printf '%s /mnt/fstab blobmount _netdev,nofail,x-systemd.automount,auth=anonymous 0 0\n' "$url" >>/etc/fstab
systemctl daemon-reload
if [[ -c /dev/autofs ]]; then systemctl start mnt-fstab.automount; else systemctl start mnt-fstab.mount; fi
whole /mnt/fstab/file.bin
findmnt --types fuse.blobmount /mnt/fstab
systemctl stop mnt-fstab.automount mnt-fstab.mount
if mountpoint --quiet /mnt/fstab; then exit 1; fi
sed -i '/mnt.fstab/d' /etc/fstab
rm /etc/blobmount/data.json
rmdir /mnt/fstab /mnt/data
touch /root/passed
