#!/usr/bin/env bash
# Boots the guest beside the devices, has it run the scenarios, and says how they went.
#
#     run.sh DEST ESPCTL [--repeat N] [SCENARIO...]
#
# DEST is setup.sh's folder; logs of the run are in DEST/logs. Exit status 0 where all scenarios passed. Without names
# all of them run; with --repeat and no names, security-2 does. What the scenarios are is in table.py.
set -uo pipefail

usage() {
    echo 'usage: run.sh DEST ESPCTL [--repeat N] [SCENARIO...]' >&2
    exit 2
}

(($# >= 2)) || usage
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
dest=$(readlink -f "$1") espctl=$(readlink -f "$2")
shift 2
repeat=1
scenarios=()
while (($#)); do
    case $1 in
        --repeat) repeat=${2:?}; shift ;;
        -*) usage ;;
        *) scenarios+=("$1") ;;
    esac
    shift
done
((repeat == 1)) || ((${#scenarios[@]})) || scenarios=(security-2)
[[ -x $espctl ]] || { echo "no program at $espctl" >&2; exit 2; }
[[ -e $dest/initramfs ]] || { echo "nothing is set up in $dest: setup.sh first" >&2; exit 2; }
names=$(python3 "$here/table.py" "${scenarios[@]}") || exit 2

# Seconds from the start of the devices to the end of the guest; an idle machine needs a third of it.
limit=$((60 + 15 * repeat * $(wc -l <<<"$names")))

logs=$dest/logs
mkdir -p "$logs"
exec 9>"$dest/lock"
flock --nonblock 9 || { echo "another run is under way in $dest" >&2; exit 2; }
rm -f "$logs"/*
# Short, since the names of sockets must be, and without spaces, which the kernel's command line cannot have.
scratch=$(mktemp -d /tmp/bluetooth-vm.XXXXXX)
children=()

# Whatever happens, neither the machine nor the devices are left running. --pdeathsig is for when this cannot run.
clean_up() {
    ((${#children[@]} == 0)) || kill -TERM "${children[@]}" 2>/dev/null
    wait
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

child() { # LOG COMMAND...: with a limit, and without the lock
    local log=$1
    shift
    setpriv --pdeathsig TERM timeout --kill-after=5 "$limit" "$@" </dev/null >"$log" 2>&1 9>&- &
    children+=("$!")
}

# What is looked at first comes last: of long output the end is read, and often the end alone is kept.
give_up() {
    local log name
    for log in guest bluetoothd devices; do
        printf '\n-- the end of %s\n' "$logs/$log.log" >&2
        tail -n 40 "$logs/$log.log" >&2
    done
    # A scenario's part of the log is from its name to its verdict.
    sed -n 's/ \+[0-9.]\+ s  FAILED: .*//p' "$logs/results.log" | while read -r name; do
        printf '\n-- %s\n' "$name" >&2
        tr -d '\r' <"$logs/guest.log" | sed -n "/==: $name\$/,/==: $name .*FAILED/p" | cut -c 1-400 >&2
    done
    printf '\n-- %s\n' "$logs/results.log" >&2
    cat "$logs/results.log" >&2
    echo "$1" >&2
    exit 1
}

touch "$logs"/{guest,bluetoothd,devices,results}.log
child "$logs/devices.log" "$dest/venv/bin/python" -u "$here/devices.py" --espctl "$espctl" \
    --sockets "$scratch"
devices=$!
until grep -q ' ready, ' "$logs/devices.log"; do
    kill -0 "$devices" 2>/dev/null || give_up 'the devices did not start'
    sleep 0.1
done

words=(--repeat "$repeat" "${scenarios[@]}")
packages=$dest/packages venv=$dest/venv
{
    declare -p here packages venv espctl words
    # shellcheck disable=SC2016 # for the guest's shell
    echo 'source "$here/guest.sh"'
} >"$scratch/job"

console() { # ID CHARDEV: a console of the guest, hvc0 and so on in this order
    machine+=(-chardev "$2,id=$1" -device "virtconsole,chardev=$1")
}
share=$packages/usr/share
machine=("$packages/usr/bin/qemu-system-x86_64" -L "$share/qemu" -L "$share/seabios")
[[ -x ${machine[0]} ]] || machine=(qemu-system-x86_64)
# Emulated always: a kernel without the host's processor is the same everywhere, and quick enough.
machine+=(-machine "q35,accel=tcg" -cpu max -smp 2 -m 768 -nodefaults -display none -no-reboot -serial stdio
    -device virtio-rng-pci -device virtio-serial-pci)
console hci0 "socket,path=$scratch/hci0"
console hci1 "socket,path=$scratch/hci1"
console results "file,path=$logs/results.log"
console bluetoothd "file,path=$logs/bluetoothd.log"
console stage "socket,path=$scratch/stage"
machine+=(-fsdev "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"
    -device "virtio-9p-pci,fsdev=root,mount_tag=host"
    -kernel "$(echo "$dest"/kernel/boot/vmlinuz-*)" -initrd "$dest/initramfs"
    -append "console=ttyS0 quiet panic=-1 random.trust_cpu=on mitigations=off job=$scratch/job")
libraries=$packages/usr/lib/x86_64-linux-gnu:$packages/lib/x86_64-linux-gnu
child "$logs/guest.log" env LD_LIBRARY_PATH="$libraries" "${machine[@]}"
machine_id=$!
tail --pid="$machine_id" -n +1 --sleep-interval=0.2 -f "$logs/results.log" 9>&- &
shown=$!
wait "$machine_id"
status=$?
wait "$shown"
case $status in
    0) ;;
    124 | 137) give_up "the guest did not end within $limit s" ;;
    *) give_up "the guest ended with status $status" ;;
esac
grep -q '^verdict: passed' "$logs/results.log" || give_up 'not all scenarios passed'
