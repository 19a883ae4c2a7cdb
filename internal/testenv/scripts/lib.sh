# Shared by the server scripts: the cache, its lock, downloads with retries, missing tools.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${YAMABIKO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/yamabiko}
mkdir -p "$CACHE"

[ -z "${JAVA_HOME-}" ] || PATH=$JAVA_HOME/bin:$PATH

say() { echo "testenv: $*" >&2; }

die() {
  say "$*"
  exit 1
}

# once NAME FUNCTION: fills $CACHE/NAME by running FUNCTION in a fresh folder, which gets that name only when all is
# there. The lock makes other processes wait instead of installing the same thing at the same time.
once() {
  [ ! -d "$CACHE/$1" ] || return 0
  (
    flock 9
    [ ! -d "$CACHE/$1" ] || exit 0
    say "installing $1 into $CACHE (once)"
    begin=$SECONDS
    rm -rf "$CACHE/$1.new" && mkdir "$CACHE/$1.new"
    cd "$CACHE/$1.new"
    "$2" >&2
    mv "$CACHE/$1.new" "$CACHE/$1"
    say "installed $1 in $((SECONDS - begin)) s"
  ) 9>"$CACHE/$1.lock"
}

# retry COMMAND...: up to four times, for what depends on a network.
retry() {
  local pause
  for pause in 2 5 15 0; do
    if "$@"; then return 0; fi
    [ "$pause" = 0 ] || say "failed: $1: again in $pause s"
    sleep "$pause"
  done
  die "failed: $*"
}

# need TOOL PACKAGE: installs a Debian package when its tool is missing and we may.
need() {
  ! command -v "$1" >/dev/null || return 0
  say "$1 is missing: installing the package $2"
  command -v apt-get >/dev/null || die "there is no apt-get here: please install $1"
  local as=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  [ "$(id -u)" = 0 ] || as=(sudo -n "${as[@]}")
  if [ ! -e "$CACHE/apt-updated" ]; then
    retry "${as[@]}" update
    touch "$CACHE/apt-updated"
  fi
  retry "${as[@]}" -y --no-install-recommends install "$2"
}

# jdk: a JDK 17 or later, in JAVA_HOME or on the PATH.
jdk() {
  need javac default-jdk-headless
  local version
  version=$(javac -version 2>&1 | sed 's/[^0-9]*\([0-9]*\).*/\1/')
  [ "$version" -ge 17 ] || die "the JDK is $version: set JAVA_HOME to a JDK 17 or later"
}

# jars ARTIFACT...: copies group:name:version coordinates and all that they depend on to ./lib.
jars() {
  jdk
  need mvn maven
  {
    echo "<project xmlns='http://maven.apache.org/POM/4.0.0'><modelVersion>4.0.0</modelVersion>"
    echo "<groupId>testenv</groupId><artifactId>servers</artifactId><version>1</version><dependencies>"
    printf '%s\n' "$@" | sed -E 's|(.*):(.*):(.*)|<dependency><groupId>\1</groupId><artifactId>\2</artifactId><version>\3</version></dependency>|'
    echo "</dependencies></project>"
  } >pom.xml
  retry mvn -B -q -Dstyle.color=never -f pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory=lib
  rm -rf pom.xml target
}

# compile JAR SOURCE: one of our Java files, against ./lib.
compile() {
  javac -nowarn -d classes -cp 'lib/*' "$HERE/$2"
  jar cf "$1" -C classes .
  rm -r classes
}

# image NAME: pulls a container image which is not there yet.
image() {
  "$YAMABIKO_ENGINE" image inspect "$1" >/dev/null 2>&1 || retry "$YAMABIKO_ENGINE" pull "$1" >&2
}

JVM="-Xms512m -Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData"
