//go:build linux || darwin || freebsd

package cosapi

import (
	"os"
	"syscall"
)

// changeTimeAndInode are the facts of a file that os.FileInfo has no names for.
func changeTimeAndInode(info os.FileInfo) (int64, uint64) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return changeTime(stat), uint64(stat.Ino) //nolint:unconvert // It has 32 bits on some systems.
}

// ownedByOther reports a file of another user.
func ownedByOther(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) != os.Geteuid()
}
