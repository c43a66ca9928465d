package cosapi

import (
	"errors"
	"testing"
	"time"
)

func TestSeenCheck(t *testing.T) {
	t.Parallel()
	then := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	info := ObjectInfo{
		ETag: "e1", Size: 4, LastModified: then, VersionID: "v1",
		Encryption: EncryptionStatus{Mode: ModeSSEC, CustomerKeyMD5: "m1"},
	}
	seen := SeenOf(info)
	exists := func(change func(*ObjectInfo)) Found {
		other := info
		change(&other)
		return Found{What: Exists, Info: other}
	}
	listed := func(change func(*ListedObject)) Found {
		other := ListedObject{ETag: "e1", Size: 4, LastModified: then.Add(300 * time.Millisecond)}
		change(&other)
		return Found{What: Refused, Listed: &other, Refusal: errors.New("no key")}
	}
	answered := Seen{ETag: "e1", AnsweredAt: then, Size: -1}
	hidden := Seen{LastModified: then, Size: -1, Mode: ModeSSECOS}
	for name, test := range map[string]struct {
		seen  Seen
		found Found
		want  Difference // "" for none
	}{
		"the same":         {seen, exists(func(*ObjectInfo) {}), ""},
		"nothing is known": {Seen{Size: -1}, exists(func(*ObjectInfo) {}), ""},
		"etag":             {seen, exists(func(i *ObjectInfo) { i.ETag = "e2" }), OtherETag},
		"later": {seen, exists(func(i *ObjectInfo) {
			i.LastModified = then.Add(time.Second)
		}), OtherTime},
		"earlier": {seen, exists(func(i *ObjectInfo) {
			i.LastModified = then.Add(-time.Second)
		}), OtherTime},
		"version": {seen, exists(func(i *ObjectInfo) { i.VersionID = "v2" }), OtherID},
		"no key any more": {seen, exists(func(i *ObjectInfo) {
			i.Encryption = EncryptionStatus{Mode: ModeNone}
		}), OtherMode},
		"another key": {seen, exists(func(i *ObjectInfo) {
			i.Encryption.CustomerKeyMD5 = "m2"
		}), OtherMode},
		"deleted":           {seen, Found{What: Absent}, Deleted},
		"hidden, the same":  {hidden, exists(func(i *ObjectInfo) { i.Encryption.Mode = ModeSSECOS }), ""},
		"hidden, later":     {hidden, exists(func(i *ObjectInfo) { i.LastModified = then.Add(1e9) }), OtherTime},
		"unchanged":         {seen, Found{What: Unchanged}, ""},
		"listed":            {seen, listed(func(*ListedObject) {}), ""},
		"listed, etag":      {seen, listed(func(l *ListedObject) { l.ETag = "e2" }), OtherETag},
		"listed, size":      {seen, listed(func(l *ListedObject) { l.Size = 5 }), OtherETag},
		"listed, later":     {seen, listed(func(l *ListedObject) { l.LastModified = then.Add(1e9) }), OtherTime},
		"answered, before":  {answered, exists(func(i *ObjectInfo) { i.LastModified = then.Add(-1e9) }), ""},
		"answered, at once": {answered, exists(func(i *ObjectInfo) { i.LastModified = then.Add(seenTolerance) }), ""},
		"answered, later": {answered, exists(func(i *ObjectInfo) {
			i.LastModified = then.Add(seenTolerance + time.Second)
		}), OtherTime},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.seen.Check(test.found)
			var changed *ChangedError
			if errors.As(err, &changed) != (test.want != "") || changed != nil && changed.What != test.want {
				t.Errorf("%v, want the difference %q", err, test.want)
			}
		})
	}
}

// TestSeenCheckDoesNotGuess: where nothing testifies, the answer of COS is the error.
func TestSeenCheckDoesNotGuess(t *testing.T) {
	t.Parallel()
	refusal, denied := errors.New("refused"), errors.New("listing denied")
	for _, test := range []struct {
		found Found
		want  error
	}{
		{Found{What: Refused, Refusal: refusal}, refusal},
		{Found{What: Refused, Refusal: refusal, ListError: denied}, denied},
		{Found{What: NoBucket, Refusal: refusal}, refusal},
	} {
		if err := (Seen{Size: -1}).Check(test.found); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v", test.found, err)
		}
	}
}

// TestDateOfAConditionIsNeverToCome: a server may ignore such a date, or refuse it.
func TestDateOfAConditionIsNeverToCome(t *testing.T) {
	t.Parallel()
	then := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		seen      Seen
		now, want time.Time
	}{
		{Seen{LastModified: then}, then.Add(time.Hour), then},
		{Seen{AnsweredAt: then}, then.Add(time.Hour), then.Add(seenTolerance)},
		{Seen{AnsweredAt: then}, then.Add(time.Second), then.Add(time.Second)},
		{Seen{}, then, time.Time{}},
	} {
		if got := test.seen.unmodifiedSince(test.now); !got.Equal(test.want) {
			t.Errorf("%+v at %s: %s, want %s", test.seen, test.now, got, test.want)
		}
	}
}
