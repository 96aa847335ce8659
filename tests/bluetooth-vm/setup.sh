#!/usr/bin/env bash
# Fetches and unpacks what the test bed needs under a folder; installs nothing. The second time it only looks.
#
#     setup.sh DEST
#
# Exit status 77 where the bed cannot be had on this machine; the last line on standard error then says why. Any other
# status but 0 is a failure. Running the bed is run.sh's.
set -euo pipefail

readonly CANNOT=77
# QEMU and its firmware, bluetoothd and btattach, the message bus, and the guest's first program.
readonly PACKAGES=(qemu-system-x86 bluez dbus busybox-static)
# What the guest's kernel loads. ansi_cprng before ecdh_generic: under emulation the kernel's other generators fail
# their own tests, and pairing has no keys then.
readonly MODULES=(virtio_pci virtio-rng virtio_console 9pnet_virtio 9p overlay ansi_cprng cmac ccm ecb ecdh_generic
    algif_hash algif_skcipher bluetooth hci_uart)
# Where they and what they depend on lie in the kernel's package.
readonly KERNEL_PARTS=(net/bluetooth net/9p net/rfkill fs/9p fs/overlayfs fs/netfs fs/fscache drivers/bluetooth
    drivers/virtio drivers/char drivers/tty crypto lib)
# Seconds for anything that goes over a network.
readonly PATIENCE=140

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

cannot() {
    echo "cannot be had here: $*" >&2
    exit "$CANNOT"
}

# fetch WHAT COMMAND...: a command that goes over the network; it has no standard input, and its last line is a reason.
fetch() {
    local what=$1 status=0
    shift
    timeout --kill-after=5 "$PATIENCE" "$@" </dev/null 2>"$dest/complaint" || status=$?
    case $status in
        0) ;;
        124 | 137) cannot "$what: no answer within $PATIENCE s" ;;
        *) cannot "$what: $(grep . "$dest/complaint" | tail -n 1)" ;;
    esac
}

apt() { fetch "$1" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=2 "${@:2}"; }

# done_already NAME: whether this part is there, as this very script would make it.
done_already() { [[ -e $dest/$1.done && $(cat "$dest/$1.done") == "$signature" ]]; }
mark_done() { echo "$signature" >"$dest/$1.done"; }

packages() {
    local kernel deb debs=$dest/debs
    local -a missing
    rm -rf "$dest/packages" "$dest/kernel" "$debs"
    mkdir -p "$dest/packages" "$dest/kernel" "$debs"
    apt "apt's lists" update
    kernel=$(apt-cache depends linux-image-amd64 | awk '/Depends:/ { print $2; exit }')
    [[ -n $kernel ]] || cannot 'this distribution has no package linux-image-amd64'
    # Whatever of them, and of what they depend on, is not installed here.
    apt 'packages' install -y --no-install-recommends --print-uris "${PACKAGES[@]}" >"$dest/uris"
    mapfile -t missing < <(
        awk -F"'" '{ n = split($2, part, "/"); sub(/_.*/, "", part[n]); print part[n] }' "$dest/uris"
    )
    chmod 777 "$debs" # apt drops its privileges to download
    cd "$debs"
    apt 'packages' download "${missing[@]}" "$kernel"
    cd "$dest"
    for deb in "$debs"/*.deb; do
        if [[ $deb == */linux-image-* ]]; then
            dpkg-deb --fsys-tarfile "$deb" |
                tar -x -C "$dest/kernel" --wildcards './boot/vmlinuz*' "${KERNEL_PARTS[@]/#/*/kernel/}" \
                    2>"$dest/complaint" || grep -q vmlinuz <(ls "$dest/kernel/boot")
        else
            dpkg-deb -x "$deb" "$dest/packages"
        fi
    done
    rm -rf "$debs"
}

venv() {
    rm -rf "$dest/venv"
    python3 -m venv "$dest/venv" >"$dest/complaint" 2>&1 ||
        cannot "python3 -m venv: $(grep . "$dest/complaint" | tail -n 1)"
    fetch "Python packages" "$dest/venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
        --no-deps --only-binary :all: --requirement "$here/requirements.txt"
}

[[ $# == 1 ]] || { echo "usage: setup.sh DEST" >&2; exit 2; }
[[ $(uname -sm) == 'Linux x86_64' ]] || cannot "this is $(uname -sm), and the bed is for Linux x86_64"
[[ $EUID == 0 ]] || cannot 'not root: apt must not be asked, and the guest could not read all of its root'
for tool in apt-get dpkg-deb python3 setpriv flock timeout; do
    command -v "$tool" >/dev/null || cannot "no $tool"
done
mkdir -p "$1"
dest=$(readlink -f "$1")
[[ $(dpkg --print-architecture) == amd64 ]] || cannot "apt's architecture is $(dpkg --print-architecture)"

signature=$(sha256sum "${BASH_SOURCE[0]}" | cut -d' ' -f1)
if ! done_already packages; then
    packages
    mark_done packages
fi
signature=$(cat "$here/requirements.txt" <(python3 --version) | sha256sum | cut -d' ' -f1)
if ! done_already venv; then
    venv
    mark_done venv
fi
busybox=$dest/packages/bin/busybox
[[ -x $busybox ]] || busybox=$(command -v busybox)
python3 "$here/initramfs.py" --modules "$dest/kernel/lib/modules" --busybox "$busybox" --init "$here/init" \
    --out "$dest/initramfs" "${MODULES[@]}"
rm -f "$dest/complaint" "$dest/uris"
