package faults_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestNoGoroutineIsLeftBehind runs alone: it counts the goroutines of the client after operations
// that every kind of fault broke. Those that hold idle connections belong to the pool, and end with
// it.
func TestNoGoroutineIsLeftBehind(t *testing.T) { //nolint:paralleltest // See above.
	kinds := faults
	if !long {
		kinds = nil
		for _, f := range faults {
			switch f.name {
			case "html-404", "reset-middle", "stall", "dribble", "cut-body":
				kinds = append(kinds, f)
			}
		}
	}
	for _, f := range kinds {
		t.Run(f.name, func(t *testing.T) { //nolint:paralleltest // See above.
			cloud := pt.NewCloud(t, cosemu.Config{})
			p := startProxy(t, cloud)
			s := pt.NewServer(t, cloud, p.attrs().With(pt.KeyringAttrs()).With(patience))
			for nth := 1; nth <= 3; nth++ {
				p.breakNth(nth, f.act)
				object := s.Object()
				config := small(oldText, pt.SSEC(pt.Attrs{"key_name": "main"}))
				config["key"] = string(rune('a' + nth))
				_, _ = object.Apply(config)
				_ = object.Refresh()
			}
			var left string
			for range 100 {
				if left = clientGoroutines(); left == "" {
					return
				}
				time.Sleep(20 * time.Millisecond) // What ends a goroutine takes a moment.
			}
			t.Errorf("goroutines are left behind:\n%s", left)
		})
	}
}

// clientGoroutines are the stacks that are in the client's code, "" if there are none.
func clientGoroutines() string {
	buffer := make([]byte, 4<<20)
	stacks := string(buffer[:runtime.Stack(buffer, true)])
	var found []string
	for _, stack := range strings.Split(stacks, "\n\n") {
		if strings.Contains(stack, "internal/cosapi.") {
			// A connection of the pool waits for its next request in the transport.
			pooled := strings.Contains(stack, "net/http.(*persistConn).readLoop") ||
				strings.Contains(stack, "net/http.(*persistConn).writeLoop")
			if !pooled {
				found = append(found, stack)
			}
		}
	}
	return strings.Join(found, "\n\n")
}
