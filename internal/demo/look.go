package main

import (
	"net"
	"time"
)

// look sums up what was measured and says how to look further.
func (d *demo) look(stay bool) {
	d.out.step("from COMMIT to the document, as Elasticsearch returns it by its id (a search sees it after the next refresh, a second by default)")
	for _, l := range d.lags {
		d.out.say("%8.1f ms  %s", float64(l.took)/float64(time.Millisecond), l.what)
	}
	if !stay {
		return
	}
	host, port, _ := net.SplitHostPort(d.mysql.Addr) // StartMySQL made it
	d.out.step("everything stays up until ^C: look around")
	d.out.say(`change rows:     mysql -h %[1]s -P %[2]s -u root Chinook   (or any other client; no password)
documents:       curl '%[3]s/chinook.artist/_doc/2000?pretty'
search:          curl '%[3]s/chinook.track/_search?q=Name:love&size=3&pretty'
indices:         curl '%[3]s/_cat/indices?v'
yamabiko:        curl %[4]s/status; curl %[4]s/metrics
its readiness:   curl -i %[4]s/readyz
configuration:   %[5]s
log:             tail -f %[6]s
what it lacks:   %[7]s=%[8]s %[9]s check --connect -c %[5]s
its position:    %[7]s=%[8]s %[9]s position show -c %[5]s`,
		host, port, d.es.URL, d.admin, d.path("yamabiko.yaml"), d.path("yamabiko.log"), passwordVar, password, d.binary)
}
