package faults_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// cell is one run of an operation with one fault.
type cell struct {
	*testing.T
	cloud  *pt.Cloud
	proxy  *proxy
	object *pt.Instance
	dir    string
}

// operation is something that users do. Each part runs in a provider process of its own.
type operation struct {
	name string
	// env is the environment of all processes.
	env map[string]string
	// attrs are provider attributes of the process that does it.
	attrs pt.Attrs
	// setup is what was done before, without faults.
	setup func(x *cell, s *pt.Server)
	// do is the operation; the proxy breaks one of its requests. It returns its errors.
	do func(x *cell, s *pt.Server) string
	// honest checks what was said of the operation against what COS holds.
	honest func(x *cell, failed string)
	// settle does it again without faults, which has to lead to what was configured.
	settle func(x *cell, s *pt.Server)
}

// The bodies of the matrix, small and by parts.
var (
	oldText, newText = "the old bytes", "the new bytes of the object"
	oldFile          = bytes.Repeat([]byte("old bytes, by parts\n"), 150_000)
	newFile          = bytes.Repeat([]byte("new bytes, by parts\n"), 160_000)
)

const byPartsSize = 1 << 20

func small(text string, sse []pt.Attrs) pt.Attrs {
	return pt.Attrs{"bucket": pt.Bucket, "key": "k", "content": text, "sse": sse}
}

// stored is what COS must hold of the object when an operation succeeded.
type stored struct {
	body   []byte
	mode   string
	keyMD5 string
	kmsKey string
}

func (want stored) is(got cosemu.Stored) bool {
	return got.CRC64 == cosapi.CRC64(want.body) && got.SSEMode == want.mode &&
		(want.keyMD5 == "" || got.KeyMD5 == want.keyMD5) &&
		(want.kmsKey == "" || got.KMSKeyID == want.kmsKey)
}

func inMode(body, mode string) stored { return stored{body: []byte(body), mode: mode} }

func ssec(body []byte, key string) stored {
	return stored{body: body, mode: "SSE-C", keyMD5: md5Of(key)}
}

func md5Of(key string) string {
	parsed, err := cosapi.ParseCustomerKey(key)
	if err != nil {
		panic(err)
	}
	return parsed.MD5()
}

// managed is an operation on the resource: what is configured before, and after. before may be nil.
func managed(name string, before, after pt.Attrs, was, will stored) operation {
	return operation{
		name: name,
		setup: func(x *cell, s *pt.Server) {
			x.object = s.Object()
			if before == nil {
				return
			}
			x.object.MustApply(before)
			x.grownOld()
			x.object.MustRefresh()
		},
		do: func(x *cell, s *pt.Server) string {
			x.object = x.object.On(s)
			if before != nil {
				if text := pt.ErrorText(x.object.Refresh()); text != "" {
					return text
				}
			}
			_, diagnostics := x.object.Apply(after)
			return pt.ErrorText(diagnostics)
		},
		honest: func(x *cell, failed string) {
			got, there := x.cloud.Inspect(pt.Bucket, "k")
			switch {
			case failed == "" && !(there && will.is(got)):
				x.Errorf("done, it says, but COS holds %+v", got)
			case before != nil && !(there && (was.is(got) || will.is(got))):
				x.Errorf("after a failure COS holds %+v", got)
			case before == nil && there && !will.is(got):
				x.Errorf("a create that failed left %+v", got)
			}
			if before != nil && x.object.State.IsNull() {
				x.Errorf("the object is no longer in the state")
			}
		},
		settle: func(x *cell, s *pt.Server) {
			x.object = x.object.On(s)
			if !x.object.State.IsNull() {
				x.object.MustRefresh()
			}
			x.object.MustApply(after)
			x.object.MustBeClean(after)
			if got, there := x.cloud.Inspect(pt.Bucket, "k"); !there || !will.is(got) {
				x.Errorf("in the end COS holds %+v", got)
			}
		},
	}
}

// grownOld makes the object older than what is done next: COS tells times in whole seconds.
func (x *cell) grownOld() {
	pt.Must(x, x.cloud.AgeObject(pt.Bucket, "k", time.Hour))
}

// with adds to the setup of an operation.
func (o operation) with(more func(x *cell)) operation {
	setup := o.setup
	o.setup = func(x *cell, s *pt.Server) {
		setup(x, s)
		more(x)
	}
	return o
}

// keeping checks in the end that what the configuration does not manage is still there.
func (o operation) keeping(tags map[string]string, acl string) operation {
	o = o.with(func(x *cell) {
		client := x.cloud.SomebodyElse()
		pt.Must(x, client.PutTags(x.Context(), pt.Ref("k"), tags))
		pt.Must(x, client.PutACL(x.Context(), pt.Ref("k"), cosapi.ACL{Canned: acl}))
		x.object.MustRefresh()
	})
	settle := o.settle
	o.settle = func(x *cell, s *pt.Server) {
		settle(x, s)
		got, _ := x.cloud.Inspect(pt.Bucket, "k")
		if fmt.Sprint(got.Tags) != fmt.Sprint(tags) || got.ACL != acl {
			x.Errorf("tags %v and ACL %q are left of %v and %q", got.Tags, got.ACL, tags, acl)
		}
	}
	return o
}

// in sets the environment.
func (o operation) in(env map[string]string) operation {
	o.env = env
	return o
}

func file(name string, content []byte) string {
	path := filepath.Join(files, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		panic(err)
	}
	return path
}

// files is a folder for all tests of the package, see TestMain.
var files string

// operations are the rows of the matrix.
func operations() []operation {
	cos, kms := pt.SSECOS(), pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})
	keyA, keyB := pt.SSEC(pt.Attrs{"key_name": "main"}), pt.SSEC(pt.Attrs{"key_name": "next"})
	fromFile := func(name string, sse []pt.Attrs) pt.Attrs {
		return pt.Attrs{"bucket": pt.Bucket, "key": "k", "source": filepath.Join(files, name), "sse": sse}
	}
	kept := map[string]string{"team": "finance"}
	tagged := small(oldText, cos).With(pt.Attrs{"tags": map[string]string{"a": "1"}})
	retagged := small(oldText, cos).With(pt.Attrs{"tags": map[string]string{"a": "2", "b": "3"}})
	private := small(oldText, cos).With(pt.Attrs{"acl": "private"})
	public := small(oldText, cos).With(pt.Attrs{"acl": "public-read"})
	copies := map[string]string{
		"TF_COS_COPY_THRESHOLD": "1048576", "TF_COS_COPY_PART_SIZE": "1048576",
	}
	inKMS := stored{body: []byte(oldText), mode: "SSE-KMS", kmsKey: pt.CMK}
	return []operation{
		managed("create, small", nil, small(newText, cos), stored{}, inMode(newText, "SSE-COS")),
		managed("create, SSE-C", nil, small(newText, keyA), stored{}, ssec([]byte(newText), pt.KeyA)),
		managed("create, by parts", nil, fromFile("new", keyA), stored{}, ssec(newFile, pt.KeyA)),
		managed("new content, small", small(oldText, cos), small(newText, cos),
			inMode(oldText, "SSE-COS"), inMode(newText, "SSE-COS")).keeping(kept, "public-read"),
		managed("new content, by parts", fromFile("old", cos), fromFile("new", cos),
			stored{body: oldFile, mode: "SSE-COS"}, stored{body: newFile, mode: "SSE-COS"},
		).keeping(kept, "public-read"),
		managed("re-encryption", small(oldText, cos), small(oldText, kms),
			inMode(oldText, "SSE-COS"), inKMS).keeping(kept, "public-read"),
		managed("rotation", small(oldText, keyA), small(oldText, keyB),
			ssec([]byte(oldText), pt.KeyA), ssec([]byte(oldText), pt.KeyB)).keeping(kept, "public-read"),
		managed("rotation, by parts", fromFile("old", keyA), fromFile("old", keyB),
			ssec(oldFile, pt.KeyA), ssec(oldFile, pt.KeyB)).in(copies).keeping(kept, "public-read"),
		managed("tags", tagged, retagged, inMode(oldText, "SSE-COS"), inMode(oldText, "SSE-COS")),
		managed("ACL", private, public, inMode(oldText, "SSE-COS"), inMode(oldText, "SSE-COS")),
		deletion(small(oldText, keyA)),
		refresh("refresh", small(oldText, cos), nil),
		refresh("refresh, SSE-C", small(oldText, keyA), nil),
		refresh("refresh, list", small(oldText, cos), pt.Attrs{"refresh_mode": "list"}),
		importing(small(oldText, keyA)),
		reading("data read", pt.Attrs{"read_content": true}, func(x *cell, state tftypes.Value) string {
			return fmt.Sprint(pt.Lookup(x, state, "content"))
		}),
		reading("download", nil, func(x *cell, _ tftypes.Value) string {
			content, _ := os.ReadFile(filepath.Join(x.dir, "download"))
			return string(content)
		}),
		copying(),
		restoring(),
	}
}

func deletion(config pt.Attrs) operation {
	o := managed("delete", config, config, ssec([]byte(oldText), pt.KeyA), stored{})
	o.do = func(x *cell, s *pt.Server) string {
		x.object = x.object.On(s)
		if text := pt.ErrorText(x.object.Refresh()); text != "" || x.object.State.IsNull() {
			return text
		}
		return pt.ErrorText(x.object.Destroy())
	}
	o.honest = func(x *cell, failed string) {
		if _, there := x.cloud.Inspect(pt.Bucket, "k"); failed == "" && there {
			x.Error("destroyed, it says, and the object is there")
		}
	}
	o.settle = func(x *cell, s *pt.Server) {
		x.object = x.object.On(s)
		if !x.object.State.IsNull() {
			if text := pt.ErrorText(x.object.Destroy()); text != "" {
				x.Error(text)
			}
		}
		if _, there := x.cloud.Inspect(pt.Bucket, "k"); there {
			x.Error("in the end the object is there")
		}
	}
	return o
}

func refresh(name string, config, attrs pt.Attrs) operation {
	is := inMode(oldText, fmt.Sprint(modeOf(config)))
	o := managed(name, config, config, is, is)
	o.attrs = attrs
	o.do = func(x *cell, s *pt.Server) string {
		x.object = x.object.On(s)
		return pt.ErrorText(x.object.Refresh())
	}
	return o
}

func modeOf(config pt.Attrs) string {
	if sse, ok := config["sse"].([]pt.Attrs); ok && sse[0]["c"] != nil {
		return "SSE-C"
	}
	return "SSE-COS"
}

func importing(config pt.Attrs) operation {
	is := ssec([]byte(oldText), pt.KeyA)
	o := managed("import", config, config, is, is)
	o.do = func(x *cell, s *pt.Server) string {
		imported := s.Object()
		text := pt.ErrorText(imported.ImportID(pt.Bucket + "/k"))
		if text == "" && imported.State.IsNull() {
			return "Cannot import non-existent remote object" // Core says so.
		}
		if text == "" {
			x.object = imported
		}
		return text
	}
	return o
}

func reading(
	name string, extra pt.Attrs, content func(*cell, tftypes.Value) string,
) operation {
	sse := []pt.Attrs{{"c": []pt.Attrs{{"key_name": "main"}}}}
	config := func(x *cell) pt.Attrs {
		config := pt.Attrs{"bucket": pt.Bucket, "key": "k", "sse": sse}.With(extra)
		if extra == nil {
			config["output_path"] = filepath.Join(x.dir, "download")
		}
		return config
	}
	return operation{
		name: name,
		setup: func(x *cell, _ *pt.Server) {
			x.cloud.Store("k", oldText, cosapi.SSEC{Key: pt.MustKey(x, pt.KeyA)})
		},
		do: func(x *cell, s *pt.Server) string {
			state, diagnostics := s.ReadData("cos_encrypted_object", config(x))
			text := pt.ErrorText(diagnostics)
			if text == "" && content(x, state) != oldText {
				x.Errorf("read, it says, and got %q", content(x, state))
			}
			return text
		},
		honest: func(x *cell, failed string) {
			left, err := os.ReadFile(filepath.Join(x.dir, "download"))
			if err == nil && string(left) != oldText {
				x.Errorf("the file has %q", left)
			}
		},
		settle: func(x *cell, s *pt.Server) {
			state := s.MustRead("cos_encrypted_object", config(x))
			if got := content(x, state); got != oldText {
				x.Errorf("in the end %q", got)
			}
			// Beside the file is the mark by which a later download knows it; bytes are in none else.
			left, err := filepath.Glob(filepath.Join(x.dir, ".*[0-9]"))
			if err != nil || len(left) > 0 {
				x.Errorf("left in the folder: %v, %v", left, err)
			}
		},
	}
}

func copying() operation {
	will := ssec([]byte(oldText), pt.KeyB)
	config := pt.CopyConfig(pt.SSEC(pt.Attrs{"key_name": "next"}))
	honest := func(x *cell, failed string) {
		if got, there := x.cloud.Inspect(pt.Bucket, "to"); (failed == "" || there) && !will.is(got) {
			x.Errorf("copied, it says (%q), and COS holds %+v", failed, got)
		}
	}
	return operation{
		name: "copy, data source",
		setup: func(x *cell, _ *pt.Server) {
			x.cloud.Store("from", oldText, cosapi.SSECOS{})
		},
		do: func(x *cell, s *pt.Server) string {
			_, diagnostics := s.ReadData(pt.CopyType, config)
			return pt.ErrorText(diagnostics)
		},
		honest: honest,
		settle: func(x *cell, s *pt.Server) {
			s.MustRead(pt.CopyType, config)
			honest(x, "")
		},
	}
}

func restoring() operation {
	config := pt.RestoreConfig(nil)
	return operation{
		name: "restore",
		setup: func(x *cell, s *pt.Server) {
			x.cloud.Place(pt.Ref("k"), oldText, cosapi.WriteOptions{
				StorageClass: "ARCHIVE", Encryption: cosapi.SSECOS{},
			})
			x.object = s.Resource(pt.RestoreType)
		},
		do: func(x *cell, s *pt.Server) string {
			x.object = x.object.On(s)
			_, diagnostics := x.object.Apply(config)
			return pt.ErrorText(diagnostics)
		},
		honest: func(x *cell, failed string) {
			info := x.cloud.Head(pt.Ref("k"), nil)
			if failed == "" && !info.Restore.Restored && !info.Restore.Ongoing {
				x.Error("restored, it says, and COS has not begun")
			}
		},
		settle: func(x *cell, s *pt.Server) {
			x.object = x.object.On(s)
			x.object.MustApply(config)
			if info := x.cloud.Head(pt.Ref("k"), nil); !info.Restore.Restored {
				x.Errorf("in the end %+v", info.Restore)
			}
		},
	}
}
