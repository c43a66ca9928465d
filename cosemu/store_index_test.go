package cosemu

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestIndexAgainstAMap puts in, takes out and walks at random, beside a map that is sorted for each
// walk.
func TestIndexAgainstAMap(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	b := &bucket{bulk: newBulk(40, bulkDate)}
	s := newStore(0)
	want := map[string]bool{}
	for number := range 40 {
		want[bulkKey(number)] = true
	}
	for step := range 20_000 {
		key := fmt.Sprintf("%s/%08d", []string{"a", "bulk", "c"}[random.IntN(3)], random.IntN(2000))
		if v := b.current(key); v != nil && random.IntN(3) == 0 {
			check(t, s.remove(b, v, bulkDate))
			delete(want, key)
		} else {
			check(t, s.put(b, &version{key: key}, bulkDate))
			want[key] = true
		}
		if got := b.current(key) != nil; got != want[key] {
			t.Fatalf("step %d: %s is there: %t, want %t", step, key, got, want[key])
		}
		if step%997 != 0 {
			continue
		}
		sorted := slices.Sorted(maps.Keys(want))
		start := random.IntN(len(sorted))
		if got := walk(b, sorted[start]); !slices.Equal(got, sorted[start:]) {
			t.Fatalf("step %d: from %s the walk is %q, want %q", step, sorted[start], got, sorted[start:])
		}
	}
	for _, block := range b.objects.blocks {
		if len(block) == 0 || len(block) >= maxBlock {
			t.Errorf("a block of %d objects", len(block))
		}
	}
}

func walk(b *bucket, from string) []string {
	var keys []string
	c := b.from(from)
	for o := c.next(); o != nil; o = c.next() {
		keys = append(keys, o.key)
	}
	return keys
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
