package faults_test

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func TestMain(m *testing.M) {
	var err error
	if files, err = os.MkdirTemp("", "cos-faults-*"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	file("old", oldFile)
	file("new", newFile)
	code := m.Run()
	_ = os.RemoveAll(files)
	os.Exit(code)
}

// long reports that everything is to be tried, as make faults does.
var long = os.Getenv("FAULTS") != ""

// patience makes what stalls end soon.
var patience = pt.Attrs{
	"response_timeout": 1, "copy_timeout": 2, "part_size": byPartsSize, "max_retries": 3,
}

// newCell has the operation done up to where faults begin.
func newCell(t *testing.T, o operation) *cell {
	t.Helper()
	x := &cell{T: t, cloud: pt.NewCloud(t, cosemu.Config{}), dir: t.TempDir()}
	x.proxy = startProxy(t, x.cloud)
	o.setup(x, x.process(o, nil))
	return x
}

// process is a new process of the provider, past the proxy or with extra through it.
func (x *cell) process(o operation, extra pt.Attrs) *pt.Server {
	x.Helper()
	attrs := pt.KeyringAttrs().With(patience).With(o.attrs).With(extra)
	env := map[string]string{"TF_COS_CHECKPOINT_DIR": x.TempDir()}
	for name, value := range o.env {
		env[name] = value
	}
	return pt.NewServerIn(x.T, x.cloud, env, attrs)
}

// requestsOf counts the requests of an operation that nothing disturbs.
func requestsOf(t *testing.T, o operation) int {
	t.Helper()
	x := newCell(t, o)
	x.proxy.breakNth(0, nil)
	if text := o.do(x, x.process(o, x.proxy.attrs())); text != "" {
		t.Fatalf("%s fails without a fault: %s", o.name, text)
	}
	o.honest(x, "")
	n := x.proxy.requests()
	o.settle(x, x.process(o, nil))
	return n
}

// run is one cell of the matrix: the operation with one broken request, what was said of it, and
// that it ends as configured when nothing breaks any more.
func (o operation) run(t *testing.T, nth int, f fault) {
	x := newCell(t, o)
	x.proxy.breakNth(nth, f.act)
	failed := o.do(x, x.process(o, x.proxy.attrs()))
	o.finish(x, failed, f.name, fmt.Sprint(nth))
}

// finish judges a cell and records it.
func (o operation) finish(x *cell, failed, fault, where string) {
	x.Helper()
	x.proxy.breakNth(0, nil)
	defer func() { results.add(o.name, where, fault, failed, x.Failed()) }()
	o.honest(x, failed)
	o.settle(x, x.process(o, nil))
	uploads, err := x.cloud.SomebodyElse().ListUploads(x.Context(), pt.Region, pt.Bucket, "")
	if err != nil || len(uploads) > 0 {
		x.Errorf("uploads left behind: %v, %v", uploads, err)
	}
	if strings.Contains(failed, "bug in the provider") || strings.Contains(failed, "inconsistent") {
		x.Errorf("it accuses itself: %s", failed)
	}
	if x.Failed() && failed != "" {
		x.Logf("the operation said: %s", failed)
	}
}

// shortFaults are what make test tries.
var shortFaults = []string{"html-404", "empty-200", "dropped-answer", "no-etag", "cut-error"}

// shortOperations are those that make test tries.
var shortOperations = []string{"create, SSE-C", "re-encryption", "delete", "refresh, SSE-C"}

func TestMatrix(t *testing.T) {
	t.Parallel()
	t.Cleanup(results.print)
	for _, o := range operations() {
		if !long && !slices.Contains(shortOperations, o.name) {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			n := requestsOf(t, o)
			for _, f := range faults {
				if !long && !slices.Contains(shortFaults, f.name) {
					continue
				}
				for nth := 1; nth <= n; nth++ {
					if results.known(o.name, fmt.Sprint(nth), f.name) {
						continue
					}
					t.Run(fmt.Sprintf("%s/%d", f.name, nth), func(t *testing.T) {
						t.Parallel()
						o.run(t, nth, f)
					})
				}
			}
			if long {
				o.runWithoutConnection(t)
			}
		})
	}
}

// runWithoutConnection tries what keeps every request from arriving.
func (o operation) runWithoutConnection(t *testing.T) {
	for name, attrs := range map[string]func(*cell) pt.Attrs{
		"tls-name": func(x *cell) pt.Attrs { return startProxy(x, x.cloud, "elsewhere.example").attrs() },
		"dns": func(*cell) pt.Attrs {
			return pt.Attrs{"endpoint": "https://{bucket}.cos.{region}.invalid:1"}
		},
		"refused": func(x *cell) pt.Attrs {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			pt.Must(x, err)
			_, port, err := net.SplitHostPort(listener.Addr().String())
			pt.Must(x, err)
			pt.Must(x, listener.Close())
			return pt.Attrs{"endpoint": "https://{bucket}.cos.{region}.localhost:" + port}
		},
	} {
		if results.known(o.name, "all", name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newCell(t, o)
			failed := o.do(x, x.process(o, attrs(x).With(pt.Attrs{"max_retries": 0})))
			if failed == "" {
				x.Error("it says done, and nothing arrived")
			}
			o.finish(x, failed, name, "all")
		})
	}
}
