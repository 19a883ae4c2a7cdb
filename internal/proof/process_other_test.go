//go:build !linux

package proof

import "syscall"

func dieWithTest() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
