import java.util.*;
import java.util.concurrent.CountDownLatch;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One private OpenSearch node: OsMain DIR HTTP_PORT [key=value ...]. SIGTERM closes it in order. */
public final class OsMain {
    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[1]);
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.setMaxHttpPort(65535);
        runner.onBuild((number, s) -> {
            for (String key : List.of("discovery.seed_hosts", "discovery.seed_providers",
                    "cluster.initial_cluster_manager_nodes", "cluster.initial_master_nodes")) {
                s.remove(key);
            }
            s.put("http.port", args[1]).put("transport.port", "0").put("network.host", "127.0.0.1");
            s.put("discovery.type", "single-node");
            s.put("cluster.routing.allocation.disk.threshold_enabled", false);
            for (String arg : Arrays.asList(args).subList(2, args.length)) {
                int equals = arg.indexOf('=');
                s.put(arg.substring(0, equals), arg.substring(equals + 1));
            }
        });
        CountDownLatch closed = new CountDownLatch(1);
        runner.build(OpenSearchRunner.newConfigs().basePath(args[0]).numOfNode(1).baseHttpPort(port - 1)
            .clusterName("yamabiko-test").useLogger());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                runner.close();
            } catch (Exception e) {
                e.printStackTrace();
            }
            closed.countDown();
        }));
        closed.await();
    }
}
