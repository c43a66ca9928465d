package providertest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

const ReencryptType = "cos_encrypted_object_reencrypt"

// AtATime calls f for every item, so many at a time.
func AtATime[T any](limit int, items []T, f func(T)) {
	var group sync.WaitGroup
	places := make(chan struct{}, limit)
	for _, item := range items {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			f(item)
		})
	}
	group.Wait()
}

const CopyType = "cos_encrypted_object_copy"

// CopyConfig copies "from" to "to", encrypted as sse says.
func CopyConfig(sse []Attrs) Attrs {
	return Attrs{
		"bucket": Bucket, "key": "to", "sse": sse,
		"copy_source": []Attrs{{"bucket": Bucket, "key": "from"}},
	}
}

const ObjectType = "cos_encrypted_object"

func ExpectFile(t *testing.T, file, content string) {
	t.Helper()
	got, err := os.ReadFile(file)
	Must(t, err)
	if string(got) != content {
		t.Errorf("file has %d bytes, and they are not the object's %d", len(got), len(content))
	}
	info, err := os.Stat(file)
	Must(t, err)
	if mode := info.Mode().Perm(); mode != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("file mode = %o, want 600", mode)
	}
}

const ObjectsType = "cos_encrypted_objects"

func TfString(text string) tftypes.Value { return tftypes.NewValue(tftypes.String, text) }

// ListAttrs choose refresh_mode "list".
func ListAttrs() Attrs { return KeyringAttrs().With(Attrs{"refresh_mode": "list"}) }

// Settled creates objects and refreshes them long after they were written, as a run on another
// day does.
func Settled(t *testing.T, c *Cloud, configs []Attrs) []*Instance {
	t.Helper()
	server := NewServer(t, c, ListAttrs())
	objects := make([]*Instance, len(configs))
	for i, config := range configs {
		objects[i] = server.Object()
		objects[i].MustApply(config)
		Must(t, c.AgeObject(config["bucket"].(string), config["key"].(string), time.Hour))
	}
	later := NewServer(t, c, ListAttrs())
	for i := range objects {
		objects[i] = objects[i].On(later)
		objects[i].MustRefresh()
	}
	next := NewServer(t, c, ListAttrs())
	for i := range objects {
		objects[i] = objects[i].On(next)
	}
	c.ResetJournal()
	return objects
}

// Keyring is the provider's customer_keys for a process of its own.
func Keyring(keys map[string]string) Attrs { return Attrs{"customer_keys": keys} }

const RestoreType = "cos_encrypted_object_restore"

func RestoreConfig(extra Attrs) Attrs {
	return Attrs{"bucket": Bucket, "key": "k", "days": 1}.With(extra)
}

// ArchivedCloud has an archived object; delay is how long a restore takes.
func ArchivedCloud(
	t *testing.T, class string, delay time.Duration, encryption cosapi.Encryption,
) *Cloud {
	t.Helper()
	c := NewCloud(t, cosemu.Config{RestoreDelay: delay})
	c.Place(Ref("k"), "content", cosapi.WriteOptions{
		StorageClass: class, Encryption: encryption,
	})
	return c
}

// KeyringAttrs are provider attributes with three keys in the keyring.
func KeyringAttrs() Attrs {
	return Attrs{"customer_keys": map[string]string{
		"main": KeyA, "next": KeyB, "third": KeyC,
	}}
}

// ContentObject is a small object in the test bucket.
func ContentObject(key string, sse []Attrs) Attrs {
	return Attrs{"bucket": Bucket, "key": key, "content": "hello " + key, "sse": sse}
}

// WriteFile puts a file into a folder of the test's own and returns its path.
func WriteFile(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	Must(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func IdentityText(t *testing.T, object *Instance) string {
	t.Helper()
	if object.Identity == nil {
		return "none"
	}
	typ := object.identitySchema().ValueType()
	value, err := object.Identity.IdentityData.Unmarshal(typ)
	Must(t, err)
	return value.String()
}

// ChangeBaseline changes one member of the private state's baseline.
func ChangeBaseline(t *testing.T, managed *Instance, member string, value any) {
	t.Helper()
	var private map[string][]byte
	Must(t, json.Unmarshal(managed.Private, &private))
	var known map[string]any
	Must(t, json.Unmarshal(private["baseline"], &known))
	known[member] = value
	var err error
	private["baseline"], err = json.Marshal(known)
	Must(t, err)
	managed.Private, err = json.Marshal(private)
	Must(t, err)
}
