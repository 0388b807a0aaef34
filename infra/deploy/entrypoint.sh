#!/bin/sh
# Runs a command with secrets from files: NAME_FILE=/run/secrets/x becomes NAME=<its content>. Of these
# names only: NAME_FILE must not stay, as a variable that Postroom does not know stops it.
set -eu

for name in POSTROOM_DATABASE__URL POSTROOM_INDEX__PASSWORD POSTROOM_INDEX__API_KEY POSTROOM_PREFECT_AUTH \
    POSTROOM_MAIL__PASSWORD POSTROOM_WEBHOOK_SECRETS \
    PREFECT_API_AUTH_STRING PREFECT_SERVER_API_AUTH_STRING PREFECT_API_DATABASE_CONNECTION_URL; do
    eval "file=\${${name}_FILE:-}"
    [ -n "$file" ] || continue
    [ -r "$file" ] || { echo "$file, named in ${name}_FILE, cannot be read" >&2; exit 2; }
    value=$(cat "$file")
    [ -n "$value" ] || { echo "$file, named in ${name}_FILE, is empty" >&2; exit 2; }
    export "$name=$value"
    unset "${name}_FILE"
done

exec "$@"
