// Package config turns strict YAML into typed structs and reports every error with its place.
package config

import "time"

// Size is a number of bytes; written with a unit: 64MiB, 10kB, 1GiB. A bare number is an error, 0 excepted.
type Size int64

// Duration is written with a unit: 20ms, 5m. A bare number is an error, 0 excepted.
type Duration time.Duration

// Std returns d as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// Secret is given by reference only: {env: NAME} or {file: PATH} (or {age: PATH} later). It is read when the configuration is loaded and never printed.
type Secret struct{ value string }

// Value returns the secret itself.
func (s Secret) Value() string { return s.value }

// NewSecret is for tests and for callers that hold the secret already.
func NewSecret(v string) Secret { return Secret{v} }

// String hides the value.
func (s Secret) String() string { return "(secret)" }

// TLS says how to speak TLS with a server. The zero value means: none.
type TLS struct {
	CA     string `yaml:"ca"`     // PEM file with the authorities to trust; empty: the system's
	Cert   string `yaml:"cert"`   // PEM file with our certificate
	Key    string `yaml:"key"`    // PEM file with its key
	Verify string `yaml:"verify"` // full (default), ca (not the host name) or none
	Name   string `yaml:"name"`   // server name to expect, instead of the address's
}
