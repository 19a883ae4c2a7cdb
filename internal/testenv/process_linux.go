package testenv

import "syscall"

// dieWithParent makes the kernel kill a server when this process goes, however it goes. A group of its own keeps ^C away
// from it: this process decides when it stops.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
