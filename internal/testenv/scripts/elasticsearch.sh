#!/bin/bash
# elasticsearch.sh install | elasticsearch.sh DIR PORT [key=value]: an Elasticsearch 8 in the foreground on 127.0.0.1:PORT.
# It is started from its published jars by EsMain.java. Absent there: security, scripts, update and delete by query, reindex,
# ingest processors. Nothing in yamabiko may need those.
. "$(dirname "$0")/lib.sh"
VERSION=8.19.21
IMAGE=${YAMABIKO_ELASTICSEARCH_IMAGE:-elasticsearch:$VERSION}
HOME_DIR=elasticsearch-$VERSION

# container install | container DIR PORT [key=value]: where an engine runs.
container() {
  image "$IMAGE"
  [ "$1" != install ] || exit 0
  local dir=$1 port=$2 args=() setting; shift 2
  mkdir -p "$dir/data"
  chmod 0777 "$dir/data" # the image's own user writes there
  for setting; do args+=(-e "$setting"); done
  exec "$YAMABIKO_ENGINE" run --rm --name "yamabiko-elasticsearch-$port" -p "127.0.0.1:$port:9200" \
    -v "$dir/data:/usr/share/elasticsearch/data" -e discovery.type=single-node -e xpack.security.enabled=false \
    -e cluster.routing.allocation.disk.threshold_enabled=false -e ES_JAVA_OPTS="-Xms512m -Xmx1g" "${args[@]}" \
    "$IMAGE"
}

unpack() {
  jars "org.elasticsearch:elasticsearch:$VERSION" "org.elasticsearch.plugin:transport-netty4:$VERSION"
  local netty=modules/transport-netty4 root=modules/rest-root descriptor=META-INF/es-plugins/transport-netty4/plugin-descriptor.properties
  mkdir -p "$netty" "$root" config plugins
  compile lib/zz-main.jar EsMain.java
  compile "$root/rest-root.jar" RootPlugin.java
  mv lib/netty-*.jar "lib/transport-netty4-$VERSION.jar" "$netty/"
  (cd "$netty" && jar xf "transport-netty4-$VERSION.jar" $descriptor && grep -v '^modulename' $descriptor >plugin-descriptor.properties && rm -r META-INF)
  printf '%s\n' "description=GET /" "version=$VERSION" name=rest-root java.version=17 "elasticsearch.version=$VERSION" \
    classname=RootPlugin >"$root/plugin-descriptor.properties"
  printf '%s\n' status=error appender.c.type=Console appender.c.name=c appender.c.layout.type=PatternLayout \
    'appender.c.layout.pattern=[%d{ISO8601}][%-5p][%c{1.}] %m%n' rootLogger.level=info rootLogger.appenderRef.c.ref=c >config/log4j2.properties
}

[ -z "${YAMABIKO_ENGINE-}" ] || container "$@"
once "$HOME_DIR" unpack
[ "$1" != install ] || exit 0

DIR=$1 PORT=$2; shift 2
mkdir -p "$DIR"
ES=$CACHE/$HOME_DIR
exec java $JVM -Dlog4j2.configurationFile="$ES/config/log4j2.properties" -cp "$ES/lib/*" EsMain "$ES" "$DIR" "$PORT" "$@"
