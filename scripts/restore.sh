#!/usr/bin/env bash
# Puts a copy that scripts/backup.sh made into a data directory that has no database. Then start the server on it, and ./run check.
#   scripts/restore.sh FROM DATA
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"

[ $# = 2 ] || fail "usage: scripts/restore.sh FROM DATA"
from=$(realpath -m "$1") data=$(realpath -m "$2")
[ -r "$from/backup_manifest" ] || fail "$from is not a copy made by scripts/backup.sh."
[ ! -e "$data/postgres/cluster" ] || fail "$data has a database already. Move $data/postgres away first."
programs=/usr/lib/postgresql/$(cat "$from/PG_VERSION")/bin
[ -x "$programs/pg_verifybackup" ] || fail "$programs/pg_verifybackup is missing. Install PostgreSQL's server package of that version."
"$programs/pg_verifybackup" --quiet "$from"

mkdir -p "$data/postgres"
rm -rf "$data/postgres/cluster.part"
cp -a "$from" "$data/postgres/cluster.part"
# The server runs the database as this user when it is started by root.
[ "$(id -u)" != 0 ] || chown -R postgres:postgres "$data/postgres"
chmod 700 "$data/postgres" "$data/postgres/cluster.part"
sync
mv "$data/postgres/cluster.part" "$data/postgres/cluster"
say "$data has its database. Start: ./run --data $data    Then look: ./run check --data $data"
