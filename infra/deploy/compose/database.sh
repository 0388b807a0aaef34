#!/bin/bash
# Runs once, in the fresh database: roles with their passwords, and a database for Prefect.
set -euo pipefail
psql=(psql --no-psqlrc -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postroom)
"${psql[@]}" --file /srv/roles.sql
for role in owner station worker indexer desk; do
    "${psql[@]}" -v role="postroom_$role" -v password="$(cat "/run/secrets/database_$role")" \
        <<<"ALTER ROLE :\"role\" PASSWORD :'password';"
done
"${psql[@]}" -v password="$(cat /run/secrets/database_prefect)" <<<"
CREATE ROLE prefect LOGIN PASSWORD :'password';
CREATE DATABASE prefect OWNER prefect;
REVOKE ALL ON DATABASE prefect FROM PUBLIC;
"
