package object

import (
	"testing"
)

func TestMoveLeavesOutWhatCOSDoesNotTake(t *testing.T) {
	t.Parallel()
	moved := movedObject{Bucket: "examplebucket-1250000000", Key: "a", ACL: "public-read-write"}.model()
	if !moved.ACL.IsNull() || !moved.Tags.IsNull() || !moved.Content.IsNull() {
		t.Errorf("acl = %s, tags = %s, content = %s", moved.ACL, moved.Tags, moved.Content)
	}
}
