package cosemu

import (
	"cmp"
	"slices"
)

// object is a key and its versions, the newest first. history is what listings show while they
// lag behind; it is empty without Config.ListLag.
type object struct {
	key      string
	versions []*version
	history  []historyEntry
}

// index holds the objects of a bucket in the byte order of their keys, in blocks: a page of a
// listing costs what it shows, however many objects there are.
type index struct {
	blocks [][]*object
	count  int
}

// maxBlock is the size at which a block is split.
const maxBlock = 512

func compareKey(o *object, key string) int { return cmp.Compare(o.key, key) }

// seek is the place of the first object whose key is not before key.
func (x *index) seek(key string) (block, i int) {
	block, found := slices.BinarySearchFunc(x.blocks, key, func(b []*object, key string) int {
		return cmp.Compare(b[0].key, key)
	})
	if found || block == 0 {
		return block, 0
	}
	block--
	i, _ = slices.BinarySearchFunc(x.blocks[block], key, compareKey)
	if i == len(x.blocks[block]) {
		return block + 1, 0
	}
	return block, i
}

// at is the object at a place; nil behind the last one.
func (x *index) at(block, i int) *object {
	if block >= len(x.blocks) {
		return nil
	}
	return x.blocks[block][i]
}

// get returns the object of a key; nil if there is none.
func (x *index) get(key string) *object {
	if o := x.at(x.seek(key)); o != nil && o.key == key {
		return o
	}
	return nil
}

// add puts in an object whose key is not there yet.
func (x *index) add(o *object) {
	x.count++
	if len(x.blocks) == 0 {
		x.blocks = [][]*object{{o}}
		return
	}
	block, _ := slices.BinarySearchFunc(x.blocks, o.key, func(b []*object, key string) int {
		return cmp.Compare(b[0].key, key)
	})
	block = max(0, block-1)
	i, _ := slices.BinarySearchFunc(x.blocks[block], o.key, compareKey)
	b := slices.Insert(x.blocks[block], i, o)
	x.blocks[block] = b
	if half := len(b) / 2; len(b) == maxBlock {
		x.blocks = slices.Insert(x.blocks, block+1, slices.Clone(b[half:]))
		clear(b[half:])
		x.blocks[block] = b[:half]
	}
}

// remove takes the object of a key out.
func (x *index) remove(key string) {
	block, i := x.seek(key)
	if o := x.at(block, i); o == nil || o.key != key {
		return
	}
	x.count--
	x.blocks[block] = slices.Delete(x.blocks[block], i, i+1)
	if len(x.blocks[block]) == 0 {
		x.blocks = slices.Delete(x.blocks, block, block+1)
	}
}

// place is one of an index.
type place struct {
	index    *index
	block, i int
}

// first is the place of the first object.
func (x *index) first() *place { return &place{index: x} }

// object is what is there; nil behind the last one.
func (p *place) object() *object { return p.index.at(p.block, p.i) }

// step goes on to the next place.
func (p *place) step() {
	if p.i++; p.i == len(p.index.blocks[p.block]) {
		p.block, p.i = p.block+1, 0
	}
}

// cursor walks over the objects of a bucket in the order of their keys: those that were written
// and those made by formula. It is good for as long as the store is locked.
type cursor struct {
	place
	b      *bucket
	number int // the next of bucket.bulk
}

// from is a cursor that stands before the first key that is not before key.
func (b *bucket) from(key string) *cursor {
	c := &cursor{b: b, place: place{index: &b.objects}}
	c.seek(key)
	return c
}

// seek moves the cursor to the first key that is not before key.
func (c *cursor) seek(key string) {
	c.block, c.i = c.index.seek(key)
	c.number = c.b.bulk.seek(key)
}

// next is the object that the cursor stands before; nil at the end.
func (c *cursor) next() *object {
	written := c.object()
	c.number = c.b.bulk.untouched(c.number)
	if c.number < c.b.bulk.count && (written == nil || bulkKey(c.number) < written.key) {
		c.number++
		return c.b.bulk.object(c.number - 1)
	}
	if written == nil {
		return nil
	}
	c.step()
	return written
}

// behind is a text that sorts behind every key that begins with prefix: no UTF-8 has this byte.
func behind(prefix string) string { return prefix + "\xff" }
