#!/bin/bash
# Roles and users of the search server; the index itself is made by Postroom.
set -euo pipefail
put() {
    curl --silent --show-error --fail --user "elastic:$(cat /run/secrets/search_superuser)" \
        --header 'Content-Type: application/json' --request PUT "http://search:9200/_security/$1" --data-binary "$2"
    echo
}
for role in writer migrator reader; do
    put "role/postroom-$role" "@/srv/roles/$role.json"
done
for role in writer migrator reader; do
    put "user/postroom-$role" "{\"password\":\"$(cat "/run/secrets/search_$role")\",\"roles\":[\"postroom-$role\"]}"
done
