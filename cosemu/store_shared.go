package cosemu

import (
	"sync"
	"unique"
)

// Most objects of a bucket have the same few texts, and no header but a type. Sharing them is most
// of what makes many objects fit into memory; nobody changes what is stored.

// intern is a text, one copy for all that have it.
func intern(text string) string { return unique.Make(text).Value() }

// single is a map of one member, as a key.
type single struct{ name, value string }

// shared is a map like m: none for an empty one, and one of a few for those with one member.
func shared(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	if len(m) > 1 {
		return m
	}
	for name, value := range m {
		return sharedMaps.get(single{name, value}, m)
	}
	return nil
}

// maxShared is how many maps are shared; more are as good as unique.
const maxShared = 1024

var sharedMaps = mapPool{maps: map[single]map[string]string{}}

type mapPool struct {
	mu   sync.Mutex
	maps map[single]map[string]string
}

func (p *mapPool) get(member single, m map[string]string) map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.maps[member]; known != nil {
		return known
	}
	if len(p.maps) < maxShared {
		p.maps[member] = m
	}
	return m
}
