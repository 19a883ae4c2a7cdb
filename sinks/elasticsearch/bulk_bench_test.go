package elasticsearch

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"yamabiko/event"
	"yamabiko/sinks/sinktest"
)

// stub answers every bulk as a server without errors does, at the least cost. It ends with the benchmark.
func stub(b *testing.B, actions int) (url string) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	items := `{"index":{"status":200}}` + strings.Repeat(`,{"index":{"status":200}}`, actions-1)
	body := `{"errors":false,"items":[` + items + `]}`
	answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nX-elastic-product: Elasticsearch\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", len(body), body)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveBulks(c, []byte(answer))
		}
	}()
	return "http://" + l.Addr().String()
}

func serveBulks(c net.Conn, answer []byte) {
	defer c.Close()
	r := bufio.NewReaderSize(c, 256<<10)
	for {
		if _, err := r.ReadString('\n'); err != nil {
			return
		}
		head, err := textproto.NewReader(r).ReadMIMEHeader()
		if err != nil {
			return
		}
		n, _ := strconv.Atoi(head.Get("Content-Length"))
		if _, err := r.Discard(n); err != nil && err != io.EOF {
			return
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

// benchRows is a batch of n rows of about 200 bytes of JSON, as a transaction of an order table makes them.
func benchRows(n int) *event.Batch {
	table := sinktest.Table("shop", "app", "orders", sinktest.Col("id", event.Int), sinktest.Col("customer", event.Int), sinktest.Col("title", event.String),
		sinktest.Col("price", event.Decimal), sinktest.Col("qty", event.Int), sinktest.Col("paid", event.Bool), sinktest.Col("created", event.DateTime),
		sinktest.Col("updated", event.Timestamp), sinktest.Col("note", event.String))
	b := rows(table)
	for i := range n {
		b.Insert(uint64(1)<<61+uint64(i), i, "customer", i*7919%100000, "title", "a title of usual length", "price", "1234.50", "qty", i%10, "paid", i%2 == 0,
			"created", "2026-01-02T03:04:05.120", "updated", "2026-01-02T03:04:05.120Z", "note", "shipped with care")
	}
	return b.Build()
}

// BenchmarkWrite writes chunks of 10,000 rows to a stub in this process. cpu-s/Mdocs counts the whole process, the stub
// and the kernel's copying included.
func BenchmarkWrite(b *testing.B) {
	for _, zipped := range []bool{false, true} {
		b.Run(fmt.Sprintf("gzip=%v", zipped), func(b *testing.B) {
			const n = 10000
			conf := Defaults()
			conf.URLs, conf.Mapping, conf.Gzip = []string{stub(b, n)}, mappingOff, zipped
			s := openSink(b, conf, nil)
			c := sinktest.Chunk(0, benchRows(n))
			b.ReportAllocs()
			b.SetBytes(c.Bytes)
			before := cpu()
			for b.Loop() {
				if err := s.Write(b.Context(), c); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu()-before).Seconds()/float64(b.N*n)*1e6, "cpu-s/Mdocs")
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "docs/s")
		})
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
