#!/usr/bin/env bash
# Caches veraPDF, the judge of our PDF/A, in .cache/tools. Needs maven and a Java runtime.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=1.28.2
jar=.cache/tools/greenfield-apps-$version.jar
[ -s "$jar" ] && exit 0

echo "Fetching veraPDF $version"
mkdir -p .cache/tools
log=.cache/tools/maven.log
mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
    -Dartifact=org.verapdf.apps:greenfield-apps:$version:jar -DoutputDirectory="$PWD/.cache/tools" \
    >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
