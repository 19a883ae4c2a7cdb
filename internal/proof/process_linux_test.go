package proof

import "syscall"

// dieWithTest has the kernel kill the program when this process goes, however it goes.
func dieWithTest() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
