#!/usr/bin/env bash
# Installs the Debian packages of the given list files that are missing; says and does nothing otherwise.
set -euo pipefail

listed() { awk '!/^#/ && NF { print $1 }' "$@"; }
installed() { dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

missing=()
for package in $(listed "$@"); do
    installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
    printf 'Debian packages are missing. Run this, then the same command again:\n\n' >&2
    printf '    sudo apt-get update && sudo apt-get install --no-install-recommends %s\n\n' "${missing[*]}" >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { apt-get -qq -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }; }

echo "Installing Debian packages: ${missing[*]}"
# Debian would make a database cluster and start it: ours are made where they are used.
case " ${missing[*]} " in *" postgresql "*)
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    ;;
esac
# An image may come without package lists, or with old ones that name versions no longer served.
known() { apt-get install --simulate --no-install-recommends "${missing[@]}" >/dev/null 2>&1; }
fetch() { apt install --yes --no-install-recommends "${missing[@]}"; }
if known && fetch 2>/dev/null; then
    exit 0
fi
apt update
fetch
