#!/bin/sh
# The trial's bucket as Terraform makes the real one: versions, locks, encryption, lifecycle, one user a role.
set -eu
bucket=postroom-archive
mc --quiet alias set here http://objects:9000 "$(cat /run/secrets/s3_root_user)" "$(cat /run/secrets/s3_root_password)"
mc --quiet mb --ignore-existing --with-lock "here/$bucket"
mc --quiet encrypt set sse-s3 "here/$bucket"
mc --quiet ilm rule ls "here/$bucket" 2>/dev/null | grep -q work/ \
    || mc --quiet ilm rule add --prefix work/ --expire-days 14 --noncurrent-expire-days 1 "here/$bucket"
for role in station worker indexer desk fixity; do
    sed -e "s/\${bucket}/$bucket/g" -e "s/\${mirror}/$bucket-mirror/g" "/srv/s3/$role.json" >"/tmp/$role.json"
    mc --quiet admin policy create here "postroom-$role" "/tmp/$role.json"
done
for role in station worker indexer desk; do
    secret=$(sed -n 's/^aws_secret_access_key = //p' "/run/secrets/s3_$role")
    mc --quiet admin user add here "postroom-$role" "$secret"
    mc --quiet admin policy attach here "postroom-$role" --user "postroom-$role" || true # it has it already
done
# The indexer runs the flow fixity too.
mc --quiet admin policy attach here postroom-fixity --user postroom-indexer || true
