package provider

import (
	"fmt"
	"os"
	"testing"
)

// TestMain keeps the notes that uploads continue by out of the user's own cache.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "cos-checkpoints-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := os.Setenv("TF_COS_CHECKPOINT_DIR", dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}
