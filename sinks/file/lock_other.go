//go:build !unix

package file

import "yamabiko/internal/faultfs"

// lock does nothing where a file that is open for writing cannot be locked beside: the state folder's lock keeps a second process of the same
// configuration away.
func lock(faultfs.File) error { return nil }
