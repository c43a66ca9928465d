package cosemu

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// pipeListener accepts one end of a pipe.
type pipeListener struct{ conn net.Conn }

func (l pipeListener) Accept() (net.Conn, error) { return l.conn, nil }
func (l pipeListener) Close() error              { return nil }
func (l pipeListener) Addr() net.Addr            { return l.conn.LocalAddr() }

// TestRateLimitsBothDirections measures on a fake clock, so that a busy machine changes nothing.
func TestRateLimitsBothDirections(t *testing.T) {
	t.Parallel()
	const rate, size = 1000, 5000
	body := bytes.Repeat([]byte("x"), size)
	tests := map[string]func(limited, far net.Conn) error{
		"write": func(limited, far net.Conn) error {
			go func() { _, _ = io.Copy(io.Discard, far) }()
			_, err := limited.Write(body)
			return err
		},
		"read": func(limited, far net.Conn) error {
			go func() { _, _ = far.Write(body) }()
			_, err := io.ReadFull(limited, make([]byte, size))
			return err
		},
	}
	for name, transfer := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				limited, err := rateListener{Listener: pipeListener{near}, rate: rate}.Accept()
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				if err := transfer(limited, far); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took != size/rate*time.Second {
					t.Errorf("%d bytes at %d a second took %s", size, rate, took)
				}
				_, _ = limited.Close(), far.Close()
			})
		})
	}
}

func TestRateLimitedServerServes(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{ConnectionRate: 10 << 20})
	c.do("PUT", "/key", "body").expect(t, 200, "")
}
