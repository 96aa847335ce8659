#!/usr/bin/env bash
# In the guest, with the host's root as its own: message bus, controllers, bluetoothd, then the scenarios.
# Sourced by the job that run.sh writes, with $here, $packages, $venv, $espctl and the $words for scenarios.py. Results
# go to hvc2, bluetoothd's log to hvc3, word to the host to hvc4, the rest to the console. How the machine came up is
# init's.
# shellcheck disable=SC2154 # these are the job's
set -uo pipefail

export PATH=$packages/usr/sbin:$packages/usr/bin:$packages/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
libraries=$packages/usr/lib/x86_64-linux-gnu:$packages/lib/x86_64-linux-gnu

said() { echo "guest: $(cut -d' ' -f1 /proc/uptime) s: $*"; }

until_there() { # TEST PATH, ten seconds at most
    for _ in {1..100}; do
        test "$@" && return
        sleep 0.1
    done
    said "$* is not there"
    exit 1
}

daemon() { # NAME: the path of bluetoothd, wherever this distribution has it
    local folder
    for folder in {"$packages",}/usr/{libexec,lib}/bluetooth; do
        [[ -x $folder/$1 ]] && echo "$folder/$1" && return
    done
}

# Kept open: such a console forgets its settings when the last one closes it.
exec 6>/dev/hvc2 7>/dev/hvc3 8<>/dev/hvc4
for index in 2 3 4; do stty -F /dev/hvc$index raw -echo; done
mkdir -p /run/dbus
cat >/run/bus.conf <<'XML'
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
XML
LD_LIBRARY_PATH=$libraries dbus-daemon --config-file=/run/bus.conf --nofork --nopidfile &
# One after the other, so that hci0 and hci1 are always the same.
for index in 0 1; do
    LD_LIBRARY_PATH=$libraries btattach -B /dev/hvc$index -P h4 &
    until_there -d /sys/class/bluetooth/hci$index
done
until_there -S /run/dbus/system_bus_socket
LD_LIBRARY_PATH=$libraries "$(daemon bluetoothd)" -n >/dev/hvc3 2>&1 &
said 'daemons started'
"$venv/bin/python" "$here/scenarios.py" --espctl "$espctl" --results /dev/hvc2 --stage /dev/hvc4 \
    "${words[@]}"
said 'done'
