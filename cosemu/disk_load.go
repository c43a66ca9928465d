package cosemu

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// load opens the data directory of the configuration, and takes over what is there.
func (s *Server) load() error {
	d, err := openDisk(s.config.Data)
	if err != nil {
		return err
	}
	s.store.disk = d
	openDisks.Store(d, s.store)
	if err := s.loadAccount(); err != nil {
		return err
	}
	bodies := &diskBodies{disk: d, named: map[bodyName]*diskBody{}}
	if err := s.store.load(bodies); err != nil {
		return err
	}
	if err := d.sweep(bodies.named); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// loadAccount takes over the account, or writes down the new one.
func (s *Server) loadAccount() error {
	var record accountRecord
	found, err := read(filepath.Join(s.store.disk.dir, "account.json"), &record)
	if err != nil {
		return err
	}
	if !found {
		return s.saveAccount()
	}
	s.salt = record.Salt
	s.clock.offset, s.clock.stopped = record.Offset, record.Stopped
	maps.Copy(s.kmsKeys, record.KMSKeys)
	return nil
}

func (s *store) load(bodies *diskBodies) error {
	folders, err := os.ReadDir(filepath.Join(s.disk.dir, "buckets"))
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	for _, folder := range folders {
		var record bucketRecord
		path := filepath.Join(s.disk.dir, "buckets", folder.Name())
		found, err := read(filepath.Join(path, "bucket.json"), &record)
		if err != nil {
			return err
		}
		if !found {
			continue // its creation was never answered
		}
		b := record.bucket()
		s.buckets[b.name+"@"+b.region] = b
		if err := s.loadVersions(b, bodies); err != nil {
			return err
		}
		if err := s.loadUploads(b, bodies); err != nil {
			return err
		}
	}
	return nil
}

// loadVersions reads all versions of a bucket. An upload that became a version before its own
// records were gone is over.
func (s *store) loadVersions(b *bucket, bodies *diskBodies) error {
	err := eachFile(s.disk.bucketPath(b, "versions"), func(path string) error {
		var record versionRecord
		if _, err := read(path, &record); err != nil {
			return err
		}
		b.bulk.touch(record.Key)
		if record.Gone {
			return nil
		}
		o := b.objects.get(record.Key)
		if o == nil {
			o = &object{key: record.Key}
			b.objects.add(o)
		}
		v := record.version(bodies)
		o.versions = append(o.versions, v)
		s.disk.order, s.lastID = max(s.disk.order, v.order), max(s.lastID, v.microseconds())
		if v.upload != "" {
			return os.RemoveAll(s.disk.uploadPath(b, v.upload))
		}
		return nil
	})
	for c := b.objects.first(); err == nil && c.object() != nil; c.step() {
		slices.SortFunc(c.object().versions, func(a, b *version) int { return cmp.Compare(b.order, a.order) })
	}
	return err
}

// microseconds is the moment that a version id is made of; 0 of the null version.
func (v *version) microseconds() int64 {
	text, err := base64.RawStdEncoding.DecodeString(v.id)
	if err != nil {
		return 0
	}
	number, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return 0
	}
	return int64(^uint64(0) - number)
}

func (s *store) loadUploads(b *bucket, bodies *diskBodies) error {
	folders, err := os.ReadDir(s.disk.bucketPath(b, "uploads"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, folder := range folders {
		var record uploadRecord
		found, err := read(s.disk.uploadPath(b, folder.Name(), "upload.json"), &record)
		if err != nil {
			return err
		}
		if !found {
			if err := os.RemoveAll(s.disk.uploadPath(b, folder.Name())); err != nil {
				return err
			}
			continue
		}
		u := &upload{
			id: record.ID, initiated: record.Initiated, target: record.Target.version(bodies),
			parts: map[int]*part{},
		}
		b.uploads[u.id] = u
		if err := s.loadParts(b, u, bodies); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) loadParts(b *bucket, u *upload, bodies *diskBodies) error {
	return eachFile(s.disk.uploadPath(b, u.id), func(path string) error {
		if filepath.Base(path) == "upload.json" {
			return nil
		}
		var record partRecord
		if _, err := read(path, &record); err != nil {
			return err
		}
		u.parts[record.Number] = record.part(bodies)
		return nil
	})
}

// eachFile visits the files below a folder, which need not be there.
func eachFile(folder string, visit func(path string) error) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case entry.IsDir():
			return nil
		}
		return visit(path)
	})
}

// loadCertificates returns those of the last start, if they still fit what is served.
func (d *disk) loadCertificates(regions []string, proxy bool) (certificates, bool) {
	if d == nil {
		return certificates{}, false
	}
	caPEM, err := os.ReadFile(filepath.Join(d.dir, "ca.pem"))
	if err != nil {
		return certificates{}, false
	}
	serverPEM, err := os.ReadFile(filepath.Join(d.dir, "server.pem"))
	if err != nil {
		return certificates{}, false
	}
	made, err := parseCertificates(caPEM, serverPEM)
	return made, err == nil && made.serve(regions, proxy, time.Now())
}

func (d *disk) saveCertificates(made certificates) error {
	if d == nil {
		return nil
	}
	serverPEM, err := made.serverPEM()
	if err != nil {
		return err
	}
	if err := d.writeText(filepath.Join(d.dir, "server.pem"), serverPEM); err != nil {
		return err
	}
	return d.writeText(filepath.Join(d.dir, "ca.pem"), made.caPEM)
}
