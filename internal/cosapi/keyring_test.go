package cosapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeyringFindsKeysByNameAndMD5(t *testing.T) {
	t.Parallel()
	given := map[string]CustomerKey{
		"old": mustKey(t, canaryKey), "new": mustKey(t, otherKey), "alias": mustKey(t, otherKey),
	}
	ring := NewKeyring(given)
	delete(given, "old")

	key, ok := ring.ByName("old")
	if !ok || !key.Equal(mustKey(t, canaryKey)) {
		t.Error("old is gone: the keyring shares the caller's map")
	}
	if _, ok := ring.ByName("none"); ok {
		t.Error("found a name that was not given")
	}
	name, key, ok := ring.ByMD5(mustKey(t, otherKey).MD5())
	if name != "alias" || !ok || !key.Equal(mustKey(t, otherKey)) {
		t.Errorf("ByMD5 = %q, %t, want the first name in order", name, ok)
	}
	for _, sum := range []string{"", vectorMD5} {
		if name, _, ok := ring.ByMD5(sum); ok {
			t.Errorf("ByMD5(%q) found %q", sum, name)
		}
	}
	want := map[string]string{
		"old": key32(t, canaryKey), "new": key32(t, otherKey), "alias": key32(t, otherKey),
	}
	if diff := cmp.Diff(want, ring.MD5s()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"alias", "new", "old"}, ring.Names()); diff != "" || ring.Len() != 3 {
		t.Error(diff)
	}
}

func key32(t *testing.T, text string) string {
	t.Helper()
	return mustKey(t, text).MD5()
}

func TestEmptyKeyringHoldsNothing(t *testing.T) {
	t.Parallel()
	var ring Keyring
	if _, ok := ring.ByName(""); ok || ring.Len() != 0 || len(ring.Names()) != 0 {
		t.Error("the zero keyring is not empty")
	}
}
