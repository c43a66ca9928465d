package cosapi

import "testing"

func FuzzPlanParts(f *testing.F) {
	for _, size := range []int64{0, 1, minPartSize, minPartSize + 1, 10_000 * minPartSize, 48 << 40} {
		f.Add(size, int64(0))
		f.Add(size, int64(minPartSize))
		f.Add(size, int64(16<<20))
		f.Add(size, int64(maxPartSize+1))
	}
	f.Fuzz(func(t *testing.T, size, wanted int64) {
		size, wanted = size&(1<<46-1), wanted&(1<<40-1)
		parts, err := planParts(size, wanted)
		if err != nil {
			if size <= maxParts*maxPartSize && wanted <= maxPartSize {
				t.Errorf("planParts(%d, %d): %v", size, wanted, err)
			}
			return
		}
		checkCover(t, size, parts)
		if len(parts) > maxParts {
			t.Errorf("%d parts", len(parts))
		}
		for _, part := range parts[:len(parts)-1] {
			if part.size < max(wanted, minPartSize) || part.size > maxPartSize {
				t.Fatalf("a part of %d bytes where %d were wanted", part.size, wanted)
			}
		}
	})
}

// checkCover checks that parts are all of size bytes, each once and in order.
func checkCover(t *testing.T, size int64, parts []section) {
	t.Helper()
	var end int64
	for i, part := range parts {
		if part.offset != end || part.size < 0 || part.size == 0 && size > 0 {
			t.Fatalf("part %d is %+v, want one from %d on", i, part, end)
		}
		end += part.size
	}
	if end != size {
		t.Errorf("the parts end at %d, want %d", end, size)
	}
}

func TestPartsKeepTheWantedSizeUntilThereAreTooMany(t *testing.T) {
	t.Parallel()
	const wanted = 16 << 20
	tests := map[string]struct {
		size  int64
		parts int
		each  int64
	}{
		"nothing":              {0, 1, 0},
		"less than a part":     {wanted - 1, 1, wanted - 1},
		"a part":               {wanted, 1, wanted},
		"a part and a byte":    {wanted + 1, 2, wanted},
		"as many as there may": {maxParts * wanted, maxParts, wanted},
		"one byte more":        {maxParts*wanted + 1, 9412, 17 << 20},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts, err := planParts(test.size, wanted)
			if err != nil || len(parts) != test.parts || parts[0].size != test.each {
				t.Errorf("%d parts, the first of %d, %v, want %d of %d",
					len(parts), parts[0].size, err, test.parts, test.each)
			}
		})
	}
	if _, err := planParts(maxParts*maxPartSize+1, wanted); err == nil {
		t.Error("more than 10,000 parts of 5 GiB are planned")
	}
}
