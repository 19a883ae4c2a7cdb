import java.util.*;
import java.util.function.*;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.io.stream.NamedWriteableRegistry;
import org.elasticsearch.common.settings.*;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.plugins.*;
import org.elasticsearch.rest.*;
import org.elasticsearch.xcontent.XContentBuilder;

/** GET / and HEAD /. Elasticsearch's own handler lives in its module rest-root, which is not published as a jar. */
public final class RootPlugin extends Plugin implements ActionPlugin {
    private ClusterService cluster;

    @Override
    public Collection<?> createComponents(PluginServices services) {
        cluster = services.clusterService();
        return List.of();
    }

    @Override
    public Collection<RestHandler> getRestHandlers(Settings settings, NamedWriteableRegistry registry, RestController controller,
            ClusterSettings clusterSettings, IndexScopedSettings indexSettings, SettingsFilter filter,
            IndexNameExpressionResolver names, Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> features) {
        return List.of(new Root());
    }

    private final class Root extends BaseRestHandler {
        @Override
        public String getName() {
            return "main_action";
        }

        @Override
        public List<Route> routes() {
            return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
        }

        @Override
        protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
            return channel -> channel.sendResponse(new RestResponse(RestStatus.OK, body(channel.newBuilder())));
        }
    }

    private XContentBuilder body(XContentBuilder x) throws java.io.IOException {
        Build build = Build.current();
        x.startObject();
        x.field("name", cluster.getNodeName());
        x.field("cluster_name", cluster.getClusterName().value());
        x.field("cluster_uuid", cluster.state().metadata().clusterUUID());
        x.startObject("version");
        x.field("number", build.qualifiedVersion());
        x.field("build_flavor", build.flavor());
        x.field("build_type", build.type().displayName());
        x.field("build_hash", build.hash());
        x.field("build_date", build.date());
        x.field("build_snapshot", build.isSnapshot());
        x.field("lucene_version", org.apache.lucene.util.Version.LATEST.toString());
        x.field("minimum_wire_compatibility_version", build.minWireCompatVersion());
        x.field("minimum_index_compatibility_version", build.minIndexCompatVersion());
        x.endObject();
        return x.field("tagline", "You Know, for Search").endObject();
    }
}
