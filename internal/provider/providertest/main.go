package providertest

import (
	"fmt"
	"os"
	"testing"
)

// Main is the TestMain of packages whose tests upload: it keeps the notes that uploads continue by
// out of the user's own cache.
func Main(m *testing.M) {
	dir, err := os.MkdirTemp("", "cos-checkpoints-*")
	if err == nil {
		err = os.Setenv("TF_COS_CHECKPOINT_DIR", dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}
