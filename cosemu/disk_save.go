package cosemu

import (
	"os"
	"path/filepath"
	"strconv"
)

// saveVersion writes a version down, in place of one with its key and id.
func (d *disk) saveVersion(b *bucket, v *version) error {
	if d == nil {
		return nil
	}
	if v.order == 0 {
		d.order++
		v.order = d.order
	}
	record, err := v.toRecord()
	if err != nil {
		return err
	}
	return d.write(d.versionPath(b, v.key, v.id), record)
}

// removeVersion removes a version. A key that could exist by formula is noted as gone, or it would
// be back at the next start.
func (d *disk) removeVersion(b *bucket, v *version) error {
	if d == nil {
		return nil
	}
	if b.bulk.covers(v.key) {
		err := d.write(d.versionPath(b, v.key, "gone"), versionRecord{Key: v.key, Gone: true})
		if err != nil {
			return err
		}
	}
	return d.remove(d.versionPath(b, v.key, v.id))
}

func (d *disk) saveBucket(b *bucket) error {
	if d == nil {
		return nil
	}
	return d.write(d.bucketPath(b, "bucket.json"), b.toRecord())
}

// removeBucket moves a bucket out of the way first: its folder cannot be removed as a whole.
func (d *disk) removeBucket(b *bucket) error {
	if d == nil {
		return nil
	}
	away := filepath.Join(d.dir, "temporary", strconv.FormatUint(d.temps.Add(1), 10))
	if err := os.Rename(d.bucketPath(b), away); err != nil {
		return err
	}
	return os.RemoveAll(away)
}

func (d *disk) saveUpload(b *bucket, u *upload) error {
	if d == nil {
		return nil
	}
	record, err := u.toRecord()
	if err != nil {
		return err
	}
	return d.write(d.uploadPath(b, u.id, "upload.json"), record)
}

func (d *disk) savePart(b *bucket, u *upload, p *part) error {
	if d == nil {
		return nil
	}
	record, err := p.toRecord()
	if err != nil {
		return err
	}
	return d.write(d.uploadPath(b, u.id, strconv.Itoa(p.number)+".json"), record)
}

// removeUpload removes an upload with its parts. What begins is the upload's own file, without which
// the rest is nothing.
func (d *disk) removeUpload(b *bucket, u *upload) error {
	if d == nil {
		return nil
	}
	if err := d.remove(d.uploadPath(b, u.id, "upload.json")); err != nil {
		return err
	}
	return os.RemoveAll(d.uploadPath(b, u.id))
}

// saveAccount writes down what is not of a bucket.
func (s *Server) saveAccount() error {
	if s.store.disk == nil {
		return nil
	}
	record := accountRecord{Salt: s.salt, KMSKeys: s.KMSKeys()}
	s.clock.mu.Lock()
	record.Offset, record.Stopped = s.clock.offset, s.clock.stopped
	s.clock.mu.Unlock()
	return s.store.disk.write(filepath.Join(s.store.disk.dir, "account.json"), record)
}
