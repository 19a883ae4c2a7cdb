#!/bin/bash
# mysql.sh install | mysql.sh DIR PORT [mysqld options]: a MySQL 9 in the foreground on 127.0.0.1:PORT, its data below DIR.
# Users: root without a password, and cdc (password cdc) with the rights that reading the binlog and a snapshot take.
#
# The server comes from Debian sid. A private apt state with an empty list of installed packages resolves all that it
# depends on, the C library included, and the server runs through that library's own loader: the machine's packages
# stay as they are, and no container engine is needed.
. "$(dirname "$0")/lib.sh"
OPTIONS=(--gtid-mode=ON --enforce-gtid-consistency=ON --binlog-format=ROW --binlog-row-image=FULL --binlog-row-metadata=FULL
  --log-bin=binlog --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=2
  --sync-binlog=0 --max-connections=300 --skip-name-resolve --mysqlx=OFF)

users() {
  cat <<'SQL'
CREATE USER 'cdc'@'%' IDENTIFIED WITH caching_sha2_password BY 'cdc';
GRANT SELECT, RELOAD, LOCK TABLES, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'cdc'@'%';
CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '';
GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
SQL
}

IMAGE=${YAMABIKO_MYSQL_IMAGE:-mysql:9}

# container install | container DIR PORT [options]: where an engine runs.
container() {
  image "$IMAGE"
  [ "$1" != install ] || exit 0
  local dir=$1 port=$2; shift 2
  mkdir -p "$dir/data" "$dir/init"
  users | sed '1i SET SESSION sql_log_bin=0;' >"$dir/init/users.sql"
  exec "$YAMABIKO_ENGINE" run --rm --name "yamabiko-mysql-$port" --user "$(id -u):$(id -g)" -p "127.0.0.1:$port:3306" \
    -e MYSQL_ALLOW_EMPTY_PASSWORD=yes \
    -v "$dir/data:/var/lib/mysql" -v "$dir/init:/docker-entrypoint-initdb.d:ro" \
    "$IMAGE" --server-id="$port" "${OPTIONS[@]}" "$@"
}

# apt TOOL ARGS...: apt-get for another suite, from the mirror that the machine itself uses, with its own state.
apt() {
  local state=$PWD/apt mirror
  mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/log"
  mirror=$(awk '/^URIs:/{print $2; exit}' /etc/apt/sources.list.d/debian.sources 2>/dev/null ||
    awk '$1=="deb"{for(i=2;i<=NF;i++) if($i ~ /^http/){print $i; exit}}' /etc/apt/sources.list)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$state/sources.list"
  : >"$state/status"
  "$1" -qq -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null -o Dir::State="$state" \
    -o Dir::State::Lists="$state/lists" -o Dir::State::status="$state/status" -o Dir::Cache="$state" \
    -o Dir::Cache::archives="$state/archives" -o Dir::Log="$state/log" -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
    -o Acquire::GzipIndexes=true -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
    -o APT::Update::Post-Invoke-Success::= -o APT::Keep-Downloaded-Packages=true "${@:2}"
}

unpack() {
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
    die "MySQL is taken from Debian's packages, and this is no Debian: start a container engine, or set YAMABIKO_TEST_MYSQL to a server's host:port"
  retry apt apt-get update
  retry apt apt-get -y --no-install-recommends --download-only install mysql-server-core
  local dir deb
  for dir in bin sbin lib lib64; do # old-style paths land below usr
    mkdir -p "root/usr/$dir"
    ln -s "usr/$dir" "root/$dir"
  done
  for deb in apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C root --keep-directory-symlink --no-same-owner
  done
  rm -r apt root/usr/share/doc root/usr/share/man
  # A fresh data folder takes ten seconds to make and one to copy. auto.cnf goes: each copy gets its own server_uuid.
  paths "$PWD/root"
  users >users.sql
  say "preparing a data folder"
  server --datadir="$PWD/data" --initialize-insecure --init-file="$PWD/users.sql" --log-error="$PWD/init.log" ||
    die "$(cat init.log)"
  rm -f data/auto.cnf
}

paths() {
  ROOT=$1
  LIB=$(echo "$ROOT"/usr/lib/*-linux-gnu)
  LOADER=$(echo "$ROOT"/lib*/ld-linux-*.so.* | cut -d' ' -f1)
}

# server ARGS...: mysqld with the paths of where it was unpacked; `exec=exec` lets it take this process's place.
server() {
  ${exec-} "$LOADER" --library-path "$LIB:$LIB/private:$ROOT/usr/lib/mysql/private" "$ROOT/usr/sbin/mysqld" --no-defaults \
    --basedir="$ROOT/usr" --lc-messages-dir="$ROOT/usr/share/mysql" --character-sets-dir="$ROOT/usr/share/mysql/charsets" \
    --plugin-dir="$ROOT/usr/lib/mysql/plugin" --user="$(id -un)" --secure-file-priv= --innodb-redo-log-capacity=128M "$@"
}

[ -z "${YAMABIKO_ENGINE-}" ] || container "$@"
once mysql-sid unpack
[ "$1" != install ] || exit 0

DIR=$1 PORT=$2; shift 2
paths "$CACHE/mysql-sid/root"
if [ ! -d "$DIR/data" ]; then
  mkdir -p "$DIR"
  cp -a --reflink=auto "$CACHE/mysql-sid/data" "$DIR/data.new"
  mv "$DIR/data.new" "$DIR/data"
fi
exec=exec server --datadir="$DIR/data" --bind-address=127.0.0.1 --port="$PORT" --server-id="$PORT" \
  --socket=mysql.sock --pid-file=mysqld.pid "${OPTIONS[@]}" "$@"
