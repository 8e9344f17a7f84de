#!/usr/bin/env bash
# Asks the advisories of NuGet and npm whether a package that the product or its tests use has a known hole. Needs the network, and ./run or ./test once before.
#   0  both were asked, and there is none of severity high or critical
#   1  there is at least one; it is named
#   2  somebody could not be asked, so nothing is known of their packages
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$(mktemp -d); trap 'rm -rf "$scratch"' EXIT
found=0 unknown=0
say() { printf '%s\n' "$*"; }
serious='"severity": *"(High|Critical|high|critical)"'

# A mirror without advisories makes dotnet say that all is well. So it is asked first about a package whose hole is known (GHSA-5crp-9r3c-p9vr), which is downloaded and never built.
cat >"$scratch/known-hole.csproj" <<'PROJECT'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally></PropertyGroup>
  <ItemGroup><PackageReference Include="Newtonsoft.Json" Version="12.0.1" /></ItemGroup>
</Project>
PROJECT
vulnerable() { dotnet list "$1" package --vulnerable --include-transitive --format json 2>/dev/null; }
# judge WHO ANSWER FIELDS: what an answer says, and of a hole the lines that name it.
judge() {
  grep -qE "$serious" <<<"$2" || { say "$1: no known hole of severity high or critical."; return; }
  say "$1: a package has a known hole."
  grep -E "\"($3)\"" <<<"$2"
  found=1
}
untold() { say "$1"; unknown=1; }

dotnet restore "$scratch/known-hole.csproj" -v q >/dev/null 2>&1
if ! vulnerable "$scratch/known-hole.csproj" | grep -qE "$serious"; then
  untold "NuGet: the package source does not tell of a hole that is known, so nothing is known of ours."
elif ! nuget=$(vulnerable "$root/Latchkey.slnx") || ! grep -q '"projects"' <<<"$nuget"; then
  untold "NuGet: the packages could not be listed; run ./test --fast once."
else
  judge NuGet "$nuget" 'id|resolvedVersion|severity|advisoryurl'
fi

npm=$(cd "$root/web" && npm audit --omit=dev --json 2>/dev/null)
if grep -q '"auditReportVersion"' <<<"$npm"; then
  judge npm "$npm" 'name|severity|url|range'
else
  untold "npm: the registry gives no advisories, so nothing is known of the browser's packages."
fi

[ $found = 0 ] || exit 1
[ $unknown = 0 ] || exit 2
