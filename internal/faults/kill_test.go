package faults_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// A kill runs an operation in a process of its own, provider and core together, which dies by
// SIGKILL when the proxy sees one of its requests: before COS has it, or after COS has carried it
// out. What the process would have stored is lost, as it is when Terraform dies.

// killRow is one object in the table of kills: what is configured before (nil for a create) and
// after.
type killRow struct {
	name          string
	before, after pt.Attrs
	will          stored
	// imports: a create that section 2 of the guarantees never adopts. The printed import command
	// leads on.
	imports bool
	destroy bool
	env     map[string]string
	choices cosemu.Choices
}

func killRows() []killRow {
	source := func(name string) pt.Attrs { return pt.Attrs{"source": filepath.Join(files, name)} }
	secret := func(text string) pt.Attrs {
		return pt.Attrs{"content_wo": text, "content_wo_version": len(text)}
	}
	bodies := map[string]struct {
		old, next pt.Attrs
		was, will []byte
	}{
		"content": {
			pt.Attrs{"content": oldText}, pt.Attrs{"content": newText}, []byte(oldText), []byte(newText),
		},
		"content_wo": {secret(oldText), secret(newText), []byte(oldText), []byte(newText)},
		"by parts":   {source("old"), source("new"), oldFile, newFile},
	}
	modes := map[string]struct {
		sse  []pt.Attrs
		will stored
	}{
		"SSE-COS": {pt.SSECOS(), stored{mode: "SSE-COS"}},
		"SSE-KMS": {pt.SSEKMS(pt.Attrs{"key_id": pt.CMK}), stored{mode: "SSE-KMS", kmsKey: pt.CMK}},
		"SSE-C":   {pt.SSEC(pt.Attrs{"key_name": "main"}), stored{mode: "SSE-C", keyMD5: md5Of(pt.KeyA)}},
		"key_wo": {
			pt.SSEC(pt.Attrs{"key_wo": pt.KeyC, "key_wo_version": 1}),
			stored{mode: "SSE-C", keyMD5: md5Of(pt.KeyC)},
		},
	}
	at := func(body pt.Attrs, sse []pt.Attrs) pt.Attrs {
		return pt.Attrs{"bucket": pt.Bucket, "key": "k", "sse": sse}.With(body)
	}
	copies := map[string]string{
		"TF_COS_COPY_THRESHOLD": "1048576", "TF_COS_COPY_PART_SIZE": "1048576",
	}
	var rows []killRow
	for _, body := range []string{"content", "content_wo", "by parts"} {
		for _, mode := range []string{"SSE-COS", "SSE-KMS", "SSE-C", "key_wo"} {
			b, m := bodies[body], modes[mode]
			will := m.will
			will.body = b.will
			rows = append(rows,
				killRow{name: "create, " + mode + ", " + body, after: at(b.next, m.sse), will: will},
				killRow{
					name:   "new content, " + mode + ", " + body,
					before: at(b.old, m.sse), after: at(b.next, m.sse), will: will,
				})
		}
		b := bodies[body]
		for _, plain := range []bool{false, true} {
			name, choices := "rotation, "+body, cosemu.Choices{PlainETags: plain}
			if plain {
				name += ", ETag stays"
			}
			rows = append(rows, killRow{
				name: name, before: at(b.old, modes["SSE-C"].sse), choices: choices, env: copies,
				after: at(b.old, pt.SSEC(pt.Attrs{"key_name": "next"})), will: ssec(b.was, pt.KeyB),
			}, killRow{
				name:    "re-encryption, " + strings.TrimPrefix(name, "rotation, "),
				choices: choices, env: copies,
				before: at(b.old, modes["SSE-COS"].sse), after: at(b.old, modes["SSE-KMS"].sse),
				will: stored{body: b.was, mode: "SSE-KMS", kmsKey: pt.CMK},
			})
		}
	}
	content, key := bodies["content"], modes["SSE-C"]
	tags := func(value string) pt.Attrs { return pt.Attrs{"tags": map[string]string{"a": value}} }
	return append(rows,
		killRow{
			name: "create, SSE-KMS without key_id", after: at(content.next, pt.SSEKMS(pt.Attrs{})),
			will: stored{body: content.will, mode: "SSE-KMS"}, imports: true,
		},
		killRow{
			name: "tags", before: at(content.old, key.sse).With(tags("1")),
			after: at(content.old, key.sse).With(tags("2")), will: ssec(content.was, pt.KeyA),
		},
		killRow{
			name: "ACL", before: at(content.old, key.sse).With(pt.Attrs{"acl": "private"}),
			after: at(content.old, key.sse).With(pt.Attrs{"acl": "public-read"}),
			will:  ssec(content.was, pt.KeyA),
		},
		killRow{
			name: "delete", before: at(content.old, key.sse), after: at(content.old, key.sse),
			will: ssec(content.was, pt.KeyA), destroy: true,
		})
}

// remembered is what Terraform has of an object between two processes.
type remembered struct {
	State, Private, Identity []byte
	HasIdentity              bool
	Config                   []byte // pt.Attrs as JSON
	Destroy                  bool
	Attrs                    []byte // of the provider
}

func remember(object *pt.Instance) remembered {
	kept := remembered{State: object.Dynamic(object.State).MsgPack, Private: object.Private}
	if object.Identity != nil && object.Identity.IdentityData != nil {
		kept.HasIdentity, kept.Identity = true, object.Identity.IdentityData.MsgPack
	}
	return kept
}

func (r remembered) recall(s *pt.Server) *pt.Instance {
	s.T.Helper()
	object := s.Object()
	state, err := (&tfprotov6.DynamicValue{MsgPack: r.State}).Unmarshal(object.Schema.Block.ValueType())
	pt.Must(s.T, err)
	object.State, object.Private = state, r.Private
	if r.HasIdentity {
		object.Identity = &tfprotov6.ResourceIdentityData{
			IdentityData: &tfprotov6.DynamicValue{MsgPack: r.Identity},
		}
	}
	return object
}

// victimFile is set in the process that is to die.
const victimFile = "COS_FAULTS_VICTIM"

// TestVictim is the process that is killed. It does nothing in a run of its own.
func TestVictim(t *testing.T) {
	path := os.Getenv(victimFile)
	if path == "" {
		t.Skip("this is a process that another test kills")
	}
	content, err := os.ReadFile(path)
	pt.Must(t, err)
	var kept remembered
	pt.Must(t, gob.NewDecoder(bytes.NewReader(content)).Decode(&kept))
	config, attrs := pt.Attrs{}, pt.Attrs{}
	pt.Must(t, json.Unmarshal(kept.Config, &config))
	pt.Must(t, json.Unmarshal(kept.Attrs, &attrs))
	s := pt.NewUnconfiguredServer(t)
	s.Configure(typed(attrs))
	object := kept.recall(s)
	if !object.State.IsNull() {
		object.MustRefresh()
	}
	if kept.Destroy {
		t.Log(pt.ErrorText(object.Destroy()))
		return
	}
	_, diagnostics := object.Apply(typed(config))
	t.Log(pt.ErrorText(diagnostics))
}

// typed gives values that were JSON the types that the harness takes.
func typed(attrs pt.Attrs) pt.Attrs {
	for name, value := range attrs {
		switch value := value.(type) {
		case float64:
			attrs[name] = int(value)
		case []any:
			blocks := make([]pt.Attrs, len(value))
			for i, member := range value {
				blocks[i] = typed(pt.Attrs(member.(map[string]any)))
			}
			attrs[name] = blocks
		case map[string]any:
			texts := map[string]string{}
			for key, text := range value {
				texts[key] = fmt.Sprint(text)
			}
			attrs[name] = texts
		}
	}
	return attrs
}

// victim starts the process that is to die.
func (x *cell) victim(row killRow) *exec.Cmd {
	x.Helper()
	kept := remember(x.object)
	kept.Destroy = row.destroy
	var err error
	kept.Config, err = json.Marshal(row.after)
	pt.Must(x, err)
	kept.Attrs, err = json.Marshal(x.cloud.ProviderAttrs().With(pt.KeyringAttrs()).With(patience).
		With(x.proxy.attrs()))
	pt.Must(x, err)
	var content bytes.Buffer
	pt.Must(x, gob.NewEncoder(&content).Encode(kept))
	path := filepath.Join(x.dir, "victim")
	pt.Must(x, os.WriteFile(path, content.Bytes(), 0o600))
	command := exec.CommandContext(x.Context(), os.Args[0], "-test.run=^TestVictim$")
	command.Env = append(os.Environ(), victimFile+"="+path, "FAULTS_DIR=",
		"TF_COS_CHECKPOINT_DIR="+filepath.Join(x.dir, "notes"))
	for name, value := range row.env {
		command.Env = append(command.Env, name+"="+value)
	}
	return command
}

// cellOf prepares a row.
func (row killRow) cellOf(t *testing.T) *cell {
	t.Helper()
	x := &cell{T: t, cloud: pt.NewCloud(t, cosemu.Config{}), dir: t.TempDir()}
	pt.Must(t, x.cloud.SetChoices(row.choices))
	x.proxy = startProxy(t, x.cloud)
	x.object = x.process(row.operation(), nil).Object()
	if row.before != nil {
		x.object.MustApply(row.before)
		x.grownOld()
		x.object.MustRefresh()
	}
	return x
}

func (row killRow) operation() operation { return operation{name: row.name, env: row.env} }

// writes counts the requests of a row that change something.
func (row killRow) writes(t *testing.T) int {
	t.Helper()
	x := row.cellOf(t)
	x.proxy.breakWrite(0, nil)
	if text, err := x.victim(row).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return x.proxy.requests()
}

// kill runs a row whose process dies at its nth write.
func (row killRow) kill(t *testing.T, nth int, after bool) {
	x := row.cellOf(t)
	command := x.victim(row)
	died := make(chan struct{})
	x.proxy.breakWrite(nth, func(x *exchange) {
		if after {
			x.forward()
		}
		_ = command.Process.Kill()
		<-died
		x.raw(func(net.Conn) {})
	})
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	pt.Must(t, command.Start())
	err := command.Wait()
	close(died)
	when := "before"
	if after {
		when = "after"
	}
	defer func() {
		deaths.add(row.name, fmt.Sprintf("%s %d", when, nth), "kill "+when, "died", t.Failed())
	}()
	if err == nil {
		t.Errorf("the process was not killed:\n%s", output.String())
	}
	x.proxy.breakNth(0, nil)
	row.settle(x)
}

// settle is the next run: another process, with the state from before.
func (row killRow) settle(x *cell) {
	x.Helper()
	env := map[string]string{"TF_COS_CHECKPOINT_DIR": filepath.Join(x.dir, "notes")}
	for name, value := range row.env {
		env[name] = value
	}
	// The same way as before: a checkpoint belongs to an endpoint.
	attrs := pt.KeyringAttrs().With(patience).With(x.proxy.attrs())
	s := pt.NewServerIn(x.T, x.cloud, env, attrs)
	x.object = x.object.On(s)
	if !x.object.State.IsNull() {
		x.object.MustRefresh()
	}
	if row.destroy {
		if !x.object.State.IsNull() {
			if text := pt.ErrorText(x.object.Destroy()); text != "" {
				x.Error(text)
			}
		}
		if _, there := x.cloud.Inspect(pt.Bucket, "k"); there {
			x.Error("in the end the object is there")
		}
		return
	}
	_, diagnostics := x.object.Apply(row.after)
	if text := pt.ErrorText(diagnostics); text != "" && row.imports &&
		strings.Contains(text, "terraform import") {
		if text := pt.ErrorText(x.object.ImportID(pt.Bucket + "/k")); text != "" {
			x.Fatal(text)
		}
		x.object.MustApply(row.after)
	} else if text != "" {
		x.Fatal(text)
	}
	x.object.MustBeClean(row.after)
	got, there := x.cloud.Inspect(pt.Bucket, "k")
	if !there || !row.will.is(got) {
		x.Errorf("in the end COS holds %+v", got)
	}
	uploads, err := x.cloud.SomebodyElse().ListUploads(x.Context(), pt.Region, pt.Bucket, "")
	if err != nil || len(uploads) > 0 {
		x.Errorf("uploads left behind: %v, %v", uploads, err)
	}
}

// shortKills are the rows that make test tries.
var shortKills = map[string]bool{
	"create, SSE-C, by parts": true, "rotation, content, ETag stays": true, "delete": true,
}

func TestKills(t *testing.T) {
	t.Parallel()
	t.Cleanup(deaths.print)
	for _, row := range killRows() {
		if !long && !shortKills[row.name] {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			n := row.writes(t)
			for nth := 1; nth <= n; nth++ {
				if !long && nth > 2 {
					break
				}
				for _, after := range []bool{false, true} {
					when := map[bool]string{false: "before", true: "after"}[after]
					if deaths.known(row.name, fmt.Sprintf("%s %d", when, nth), "kill "+when) {
						continue
					}
					t.Run(fmt.Sprintf("%s/%d", when, nth), func(t *testing.T) {
						t.Parallel()
						row.kill(t, nth, after)
					})
				}
			}
		})
	}
}
