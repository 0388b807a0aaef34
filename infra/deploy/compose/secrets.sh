#!/usr/bin/env bash
# Makes the secrets of compose.yaml that are missing, at random. Never overwrites one: a volume was made with it.
# Usage: secrets.sh [FOLDER]
set -euo pipefail
folder=${1:-$(dirname "$0")/../secrets}
mkdir -p "$folder"
# Containers read them as users of their own, so a file is readable; the folder lets nobody else in.
chmod 700 "$folder"
umask 022

put() { [ -s "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"; }
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

for name in database_superuser database_owner database_station database_worker database_indexer \
    database_desk database_prefect search_superuser search_writer search_migrator search_reader s3_root_password; do
    put "$name" "$(random)"
done
put s3_root_user postroom-root
put s3_encryption_key "postroom:$(head -c 32 /dev/urandom | base64 -w0)"
put prefect_auth "postroom:$(random)"
for role in owner station worker indexer desk; do
    put "database_${role}_url" \
        "postgresql://postroom_$role:$(cat "$folder/database_$role")@database:5432/postroom"
done
for role in station worker indexer desk; do
    put "s3_$role" "[default]
aws_access_key_id = postroom-$role
aws_secret_access_key = $(random)
"
done
# A certificate for this machine alone, which browsers warn of: put a real one in its place, with its chain.
if [ ! -s "$folder/tls_key" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
        -keyout "$folder/tls_key" -out "$folder/tls_certificate" 2>/dev/null
    chmod 644 "$folder/tls_key" # as the others: the folder lets nobody else in
fi
