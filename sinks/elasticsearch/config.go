package elasticsearch

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"yamabiko/config"
)

// Config is the configuration of an elasticsearch sink.
type Config struct {
	// URLs are the nodes, http or https, without credentials. Requests go round; a node that does not answer is passed
	// over at once, and tried again after a minute or when no other is left.
	URLs []string `yaml:"urls"`
	// Index names the index: {source} {schema} {table} {tag}, and for logs %Y %m %d %H of the event's time in UTC.
	Index string `yaml:"index"`
	// Flavor is elasticsearch or opensearch.
	Flavor string `yaml:"flavor"`

	User     string        `yaml:"user"`
	Password config.Secret `yaml:"password"`
	// APIKey is the encoded form: base64 of id:key.
	APIKey config.Secret `yaml:"api_key"`
	TLS    config.TLS    `yaml:"tls"`
	// Proxy is an http, https or socks5 URL; empty: as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say.
	Proxy string `yaml:"proxy"`
	// Gzip compresses what is sent: less network for more CPU.
	Gzip bool `yaml:"gzip"`

	// Workers is how many bulks may be under way at once; a key stays with one.
	Workers int `yaml:"workers"`
	// Timeout bounds a whole request. The server is told three quarters of it, so that its own answer comes first.
	Timeout        config.Duration `yaml:"timeout"`
	ConnectTimeout config.Duration `yaml:"connect_timeout"`

	// Mapping says who makes an index that is missing: create (from the table's columns) or off (the user, or templates).
	Mapping string `yaml:"mapping"`
	// JSON says how JSON columns of created indices are mapped, by column, table.column or schema.table.column: disabled
	// (default; stored and not indexed), flattened, or object, which lets Elasticsearch derive fields.
	JSON map[string]string `yaml:"json"`
	// Settings of indices that are created, as Elasticsearch names them: {number_of_replicas: "0"}.
	Settings map[string]string `yaml:"settings"`
	// Disjoint promises that the tables which meet in one index have no key in common. TRUNCATE and the sweep at a
	// snapshot's end are then left out, since nothing tells which document is whose.
	Disjoint bool `yaml:"disjoint"`
}

// The values of Config.Flavor, Config.Mapping and Config.JSON.
const (
	flavorElasticsearch = "elasticsearch"
	flavorOpenSearch    = "opensearch"
	mappingCreate       = "create"
	mappingOff          = "off"
	jsonDisabled        = "disabled"
	jsonFlattened       = "flattened"
	jsonObject          = "object"
)

// Defaults are the settings that a configuration need not give.
func Defaults() Config {
	return Config{
		Index:          "{table}",
		Flavor:         flavorElasticsearch,
		Workers:        2,
		Timeout:        config.Duration(60 * time.Second),
		ConnectTimeout: config.Duration(10 * time.Second),
		Mapping:        mappingCreate,
	}
}

// Check finds what is wrong in the configuration by itself; nothing is contacted.
func (c Config) Check() error {
	errs := []error{c.checkURLs(), c.checkAuth(), checkTemplate(c.Index)}
	errs = append(errs,
		oneOf("flavor", c.Flavor, flavorElasticsearch, flavorOpenSearch),
		oneOf("mapping", c.Mapping, mappingCreate, mappingOff))
	for _, column := range slices.Sorted(maps.Keys(c.JSON)) {
		errs = append(errs, oneOf("json."+column, c.JSON[column], jsonDisabled, jsonFlattened, jsonObject))
	}
	if c.Workers < 1 || c.Workers > 64 {
		errs = append(errs, config.Field("workers", "%d is not between 1 and 64", c.Workers))
	}
	if c.Timeout.Std() < time.Second {
		errs = append(errs, config.Field("timeout", "%s is less than 1s", c.Timeout.Std()))
	}
	if c.ConnectTimeout.Std() <= 0 {
		errs = append(errs, config.Field("connect_timeout", "%s is not above 0", c.ConnectTimeout.Std()))
	}
	if c.Mapping == mappingOff && (len(c.JSON) > 0 || len(c.Settings) > 0) {
		errs = append(errs, config.Field("mapping", "with mapping: off no index is created, so json and settings would do nothing"))
	}
	return errors.Join(errs...)
}

func (c Config) checkURLs() error {
	if len(c.URLs) == 0 {
		return config.Field("urls", "is missing: give at least one, like http://127.0.0.1:9200")
	}
	var errs []error
	for i, raw := range c.URLs {
		if _, err := parseURL(raw); err != nil {
			errs = append(errs, config.Field(fmt.Sprintf("urls[%d]", i), "%v", err))
		}
	}
	if c.Proxy != "" {
		u, err := url.Parse(c.Proxy)
		if err != nil || u.Host == "" {
			errs = append(errs, config.Field("proxy", "is not a URL like http://proxy:3128"))
		}
	}
	return errors.Join(errs...)
}

func (c Config) checkAuth() error {
	switch {
	case c.APIKey.Value() != "" && c.User != "":
		return config.Field("api_key", "stands beside user: give one of them")
	case c.User == "" && c.Password.Value() != "":
		return config.Field("password", "is given without user")
	case c.User != "" && c.Password.Value() == "":
		return config.Field("user", "is given without password")
	}
	return nil
}

func oneOf(field, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return config.Field(field, "%q is none of %s", value, strings.Join(allowed, ", "))
}
