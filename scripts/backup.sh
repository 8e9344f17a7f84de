#!/usr/bin/env bash
# Copies the private database of a running Latchkey into a new folder: everything that was acknowledged before it began is in it.
#   scripts/backup.sh DATA TO      DATA: the data directory of the running server; TO: a folder that does not exist yet
# The copy holds the installation's private keys: keep it like a key. For a PostgreSQL of your own see docs/operating.md.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"

[ $# = 2 ] || fail "usage: scripts/backup.sh DATA TO"
data=$(realpath -m "$1") to=$(realpath -m "$2")
[ ! -e "$to" ] || fail "$to exists already. Name a folder that does not."
[ -r "$data/postgres/cluster/PG_VERSION" ] || fail "$data is not the data directory of a Latchkey with a private database, or $(id -un) may not read it."
programs=/usr/lib/postgresql/$(cat "$data/postgres/cluster/PG_VERSION")/bin
[ -x "$programs/pg_basebackup" ] || fail "$programs/pg_basebackup is missing. Install PostgreSQL's server package of that version."
sockets=$data/run/pg
# The path of a socket has at most 107 bytes; the server puts those of a long path here.
[ -d "$sockets" ] || sockets=/tmp/latchkey-$(printf %s "$data" | sha256sum | cut -c1-12)/pg
[ -S "$sockets/.s.PGSQL.5432" ] || fail "no Latchkey runs on $data. Start it, or copy the directory as it is while nothing runs."

umask 077
"$programs/pg_basebackup" --host "$sockets" --username latchkey --no-password --pgdata "$to.part" --wal-method stream --checkpoint fast
# Not in a trap: that would take away the copy which another run is just making.
"$programs/pg_verifybackup" --quiet "$to.part" || { rm -rf "$to.part"; fail "the copy is not whole, and was taken away. Try again."; }
mv "$to.part" "$to"
say "$to is whole. Put it back with scripts/restore.sh."
