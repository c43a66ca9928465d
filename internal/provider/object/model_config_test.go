package object_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// modelConfig is a configuration of the object, with what the model expects of it.
type modelConfig struct {
	// body is the argument that names the bytes; none leaves an imported object's as they are.
	body        string
	text        string
	bodyVersion int
	sse         []pt.Attrs
	mode        string // as COS reports it
	kmsKey      string // "" where the default will do
	keyMD5      string
	keyWO       string // the raw key of key_wo
	keyVersion  int
	headers     map[string]string // argument to value
	metadata    map[string]string
	tags        map[string]string // nil: not managed
	acl         string
	class       string
	file        string
}

// String names a configuration for the history's log.
func (c modelConfig) String() string {
	return fmt.Sprintf("%s %.8q sse=%s%.8s %v tags=%v acl=%s class=%s headers=%v wo=%d/%d",
		c.body, c.text, c.mode, c.kmsKey+c.keyMD5, c.metadata, c.tags, c.acl, c.class, c.headers,
		c.bodyVersion, c.keyVersion)
}

func (c modelConfig) attrs(bucket string) pt.Attrs {
	a := pt.Attrs{"bucket": bucket, "key": modelKey, "sse": c.sse}
	switch c.body {
	case "content":
		a["content"] = c.text
	case "content_base64":
		a["content_base64"] = base64.StdEncoding.EncodeToString([]byte(c.text))
	case "content_wo":
		a["content_wo"], a["content_wo_version"] = c.text, c.bodyVersion
	case "source":
		a["source"] = c.file
	case "copy_source":
		a["copy_source"] = []pt.Attrs{{"bucket": pt.Bucket, "key": c.file}}
	}
	for name, value := range c.headers {
		a[name] = value
	}
	if c.metadata != nil {
		a["metadata"] = c.metadata
	}
	if c.tags != nil {
		a["tags"] = c.tags
	}
	if c.acl != "" {
		a["acl"] = c.acl
	}
	if c.class != "" {
		a["storage_class"] = c.class
	}
	return a
}

func (h *history) firstConfig() modelConfig {
	var config modelConfig
	config.setSSE(h.random)
	h.setBody(&config)
	return config
}

// nextConfig changes some of the configuration.
func (h *history) nextConfig() modelConfig {
	config := h.config
	config.headers, config.metadata = maps.Clone(config.headers), maps.Clone(config.metadata)
	for range 1 + h.random.IntN(2) {
		h.changeOne(&config)
	}
	if config.body == "none" && h.object.State.IsNull() {
		h.setBody(&config)
	}
	return config
}

func (h *history) changeOne(config *modelConfig) {
	switch h.random.IntN(8) {
	case 0, 1:
		config.setSSE(h.random)
	case 2, 3:
		h.setBody(config)
	case 4:
		config.headers = pick(h.random, []map[string]string{
			nil,
			{"cache_control": "no-store"},
			{"cache_control": "max-age=60", "content_language": "de"},
			{"content_type": "text/csv"},
		})
	case 5:
		config.metadata = pick(h.random, []map[string]string{nil, {"team": "a"}, {"team": "b"}})
	case 6:
		config.tags = pick(h.random, []map[string]string{
			nil, {}, {"cost": "1"}, {"cost": "2", "env": "x"},
		})
	default:
		config.acl = pick(h.random, []string{"", "", "private", "public-read"})
		config.class = pick(h.random, []string{"", "", "STANDARD_IA"})
	}
}

func (h *history) setBody(config *modelConfig) {
	config.text = fmt.Sprintf("ours %d", h.random.IntN(1000))
	switch kind := h.random.IntN(12); {
	case kind < 4:
		config.body = "content"
	case kind < 5:
		config.body = "content_base64"
	case kind < 7:
		config.body = "content_wo"
		config.bodyVersion++
	case kind < 10:
		config.body, config.file = "source", h.writeFile(config.text)
	case kind < 11:
		// By parts.
		config.text = strings.Repeat(config.text+" ", 1_200_000/len(config.text))
		config.body, config.file = "source", h.writeFile(config.text)
	default:
		n := 1 + h.random.IntN(2)
		config.body, config.file = "copy_source", fmt.Sprintf("sources/%d", n)
		config.text = sourceText(n)
	}
}

func (h *history) writeFile(text string) string {
	h.t.Helper()
	name := filepath.Join(h.t.TempDir(), "body")
	pt.Must(h.t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// setSSE chooses an encryption. A write-only key gets a new version exactly when it is another key.
func (c *modelConfig) setSSE(random *rand.Rand) {
	c.mode, c.kmsKey, c.keyMD5 = "SSE-C", "", ""
	before := c.keyWO
	c.keyWO = ""
	key := pick(random, []string{pt.KeyA, pt.KeyB, pt.KeyC})
	switch random.IntN(9) {
	case 0, 1:
		c.mode, c.sse = "SSE-COS", pt.SSECOS()
	case 2:
		c.mode, c.sse = "SSE-KMS", pt.SSEKMS(pt.Attrs{})
	case 3, 4:
		c.mode, c.kmsKey = "SSE-KMS", pick(random, []string{pt.CMK, pt.OtherCMK})
		c.sse = pt.SSEKMS(pt.Attrs{"key_id": c.kmsKey})
	case 5, 6:
		name := pick(random, []string{"main", "next", "third"})
		key, _ = pt.KeyringAttrs()["customer_keys"].(map[string]string)[name]
		c.sse = pt.SSEC(pt.Attrs{"key_name": name})
	case 7:
		key = pick(random, []string{pt.KeyA, pt.KeyD})
		c.sse = pt.SSEC(pt.Attrs{"key": key})
	default:
		key = pick(random, []string{pt.KeyA, pt.KeyB, pt.KeyD})
		if key != before {
			c.keyVersion++
		}
		c.keyWO = key
		c.sse = pt.SSEC(pt.Attrs{"key_wo": key, "key_wo_version": c.keyVersion})
	}
	if c.mode == "SSE-C" {
		parsed, err := cosapi.ParseCustomerKey(key)
		if err != nil {
			panic(err)
		}
		c.keyMD5 = parsed.MD5()
	}
}

// checkStored compares the object with the configuration that was just applied.
func (h *history) checkStored(config modelConfig, before cosemu.Stored, existed bool) {
	h.t.Helper()
	got, found := h.world.Inspect(h.bucket, modelKey)
	if !found {
		h.failf("there is no object after an apply")
		return
	}
	wantCRC := cosapi.CRC64([]byte(config.text))
	if config.body == "none" {
		wantCRC = before.CRC64
	}
	if config.body == "copy_source" && existed && got.CRC64 == before.CRC64 {
		wantCRC = before.CRC64
	}
	h.expect("bytes", got.CRC64, wantCRC)
	h.expect("mode", got.SSEMode, config.mode)
	if config.kmsKey != "" {
		h.expect("KMS key", got.KMSKeyID, config.kmsKey)
	}
	if config.mode == "SSE-C" {
		h.expect("key MD5", got.KeyMD5, config.keyMD5)
	}
	h.expect("metadata", fmt.Sprint(nonNil(got.Metadata)), fmt.Sprint(nonNil(config.metadata)))
	h.expect("cache control", got.Headers["Cache-Control"], config.headers["cache_control"])
	h.expect("language", got.Headers["Content-Language"], config.headers["content_language"])
	h.expectSurvivors(config, got, before, existed)
}

// expectSurvivors checks tags, ACL and class: as managed, or as they were.
func (h *history) expectSurvivors(config modelConfig, got, before cosemu.Stored, existed bool) {
	h.t.Helper()
	switch {
	case config.tags != nil:
		h.expect("tags", fmt.Sprint(got.Tags), fmt.Sprint(config.tags))
	case existed:
		h.expect("somebody's tags", fmt.Sprint(got.Tags), fmt.Sprint(before.Tags))
	}
	switch {
	case config.acl != "":
		h.expect("ACL", got.ACL, config.acl)
	case existed:
		h.expect("somebody's ACL", aclText(got), aclText(before))
	}
	switch {
	case config.class != "":
		h.expect("class", got.StorageClass, config.class)
	case existed && config.body != "copy_source":
		h.expect("somebody's class", got.StorageClass, before.StorageClass)
	}
}

func (h *history) expect(what, got, want string) {
	h.t.Helper()
	if got != want {
		h.failf("%s after the apply: %s, want %s", what, got, want)
	}
}

func aclText(s cosemu.Stored) string {
	if s.ACL == "default" || s.ACL == "" && len(s.Grants) == 0 {
		return "default"
	}
	return s.ACL + strings.Join(s.Grants, ",")
}

func nonNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// checkBudget counts the requests of a refresh, a plan and an apply, where nobody has touched the
// object since they were last in agreement: what the design allows, and no request more.
func (h *history) checkBudget(change pt.Change, config modelConfig) {
	h.t.Helper()
	if h.world.touched() {
		return
	}
	refresh, write := 0, 0
	switch change.Action {
	case "create":
		write = 2
	case "update":
		refresh, write = 1, 4
	case "no-op":
		refresh = 1
	}
	if change.Action != "create" {
		refresh += count(h.config.tags != nil) + count(h.config.acl != "") +
			count(h.provider["refresh_mode"] == "list")
	}
	// What a refresh cannot see is looked at by the plan, by core's second one at apply, and before
	// the write.
	deep := 3*count(config.keyWO != "" || h.config.keyWO != "") +
		4*count(config.body == "copy_source")
	hidden := 2 * count(config.body == "content_wo" || h.config.body == "content_wo")
	parts := 0
	if len(config.text) > 1<<20 {
		parts = 5 // Initiate, two parts, Complete, and a look right before it
	}
	limit := refresh + deep + write + hidden + parts
	if n := len(h.world.Ops()); n > limit {
		h.failf("%d requests for %s, want at most %d: %v", n, change.Action, limit, h.world.Ops())
	}
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }
