package object_test

import (
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestBodyTakenOutOfTheConfiguration leaves the object as it is, with the type that it has.
func TestBodyTakenOutOfTheConfiguration(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.Attrs{"bucket": pt.Bucket, "key": "a.csv", "sse": pt.SSECOS()}
	object.MustApply(config.With(pt.Attrs{"content": "a,b", "content_type": "text/plain"}))
	object.MustRefresh()
	cloud.ResetJournal()
	object.MustApply(config)
	cloud.ExpectOps()
	object.Expect(pt.Attrs{"content_type": "text/plain", "size": 3})
	object.MustBeClean(config)
}

// TestKeyInTheStateReadsTheSource: no keyring is needed to rotate a key that the state holds.
func TestKeyInTheStateReadsTheSource(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key": pt.KeyA})))
	object.MustRefresh()
	cloud.ResetJournal()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key": pt.KeyB}))
	object.MustApply(config)
	cloud.ExpectOps("GetObjectACL", "PutObjectCopy")
	object.MustBeClean(config)
}
