#!/bin/bash
# Run once by the Postgres image, as superuser, when its volume is new: roles that own or see no
# more than docs/tenancy.md says, and the database. The application never holds this power.
set -euo pipefail

bypasses() { case "$1" in *_backup) echo BYPASSRLS ;; *) echo NOBYPASSRLS ;; esac; }

while read -r role password; do
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
        --set=role="$role" --set=password="$password" <<SQL
CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION $(bypasses "$role")
    PASSWORD :'password';
SQL
done <"${POSTGRES_ROLES_FILE:-/run/secrets/postgres_roles}"

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres <<SQL
CREATE DATABASE dermalia OWNER dermalia_owner;
-- Empty but for the minutes in which a backup is restored for practice.
CREATE DATABASE dermalia_drill OWNER dermalia_owner;
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
SQL
