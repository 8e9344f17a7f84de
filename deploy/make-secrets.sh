#!/usr/bin/env bash
# Makes the secrets of deploy/compose.yaml, once: passwords that nobody chose. What is there already is kept.
set -euo pipefail
folder=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/secrets}

# The folder is closed to everybody else. The files are readable, because containers read them as users without a name here.
mkdir -p "$folder"
chmod 700 "$folder"
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -e "$folder/$1" ] || { echo "$2" > "$folder/$1.new"; chmod 444 "$folder/$1.new"; mv "$folder/$1.new" "$folder/$1"; }; }

keep database-password "$(random)"
keep database "Host=postgres;Database=latchkey;Username=latchkey;Password=$(cat "$folder/database-password")"
keep metrics-token "$(random)"
echo "The secrets are in $folder. Keep a copy where backups are kept."
