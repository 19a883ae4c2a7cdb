//go:build unix && !linux

package testenv

import "syscall"

// dieWithParent leaves a server in this process's group, so that ^C reaches both: only Linux tells a child that its
// parent has gone.
func dieWithParent() *syscall.SysProcAttr { return nil }
