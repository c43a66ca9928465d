package cosemu

import (
	"fmt"
	"strings"
	"time"
)

// The methods here stand for events that no request can cause. Each says which.

// change applies f to the current version of an object.
func (s *Server) change(bucketName, key string, f func(*version)) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, b := range s.store.buckets {
		if v := b.current(key); b.name == bucketName && v != nil {
			return s.store.update(b, v, f)
		}
	}
	return fmt.Errorf("no object %s/%s", bucketName, key)
}

// SetObjectStorageClass moves an object to another class in place: a lifecycle rule did it.
// Neither ETag nor Last-Modified change.
func (s *Server) SetObjectStorageClass(bucketName, key, class string) error {
	return s.change(bucketName, key, func(v *version) { v.class = strings.ToUpper(class) })
}

// LockObject locks an object until a moment: the bucket's object lock did it.
func (s *Server) LockObject(bucketName, key string, until time.Time) error {
	return s.change(bucketName, key, func(v *version) { v.locked = until })
}

// ExpireRestore ends the time for which a restored object is readable: days went by.
func (s *Server) ExpireRestore(bucketName, key string) error {
	now := s.config.Now()
	return s.change(bucketName, key, func(v *version) {
		if v.restore != nil {
			v.restore = &restoreState{tier: v.restore.tier, ready: now, expires: now}
		}
	})
}

// ForgetCRC64 takes the CRC64 off an object: it is older than COS's CRC64.
func (s *Server) ForgetCRC64(bucketName, key string) error {
	return s.change(bucketName, key, func(v *version) { v.noCRC64 = true })
}

// AgeObject moves an object's Last-Modified back: it was written that much earlier.
func (s *Server) AgeObject(bucketName, key string, by time.Duration) error {
	return s.change(bucketName, key, func(v *version) { v.modified = v.modified.Add(-by) })
}

// DisableKMSKey disables a key that exists: an administrator of KMS did it.
func (s *Server) DisableKMSKey(id string) { s.setKMSKey(id, KMSKeyDisabled) }

// EnableKMSKey enables a key again.
func (s *Server) EnableKMSKey(id string) { s.setKMSKey(id, KMSKeyEnabled) }

func (s *Server) setKMSKey(id string, state KMSKeyState) {
	if _, exists := s.KMSKeys()[id]; exists {
		_ = s.SetKMSKey(id, state)
	}
}

// SetCredentialExpired lets a temporary credential expire, or be valid again.
func (s *Server) SetCredentialExpired(id string, expired bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if credential, exists := s.credentials[id]; exists {
		credential.Expired = expired
		s.credentials[id] = credential
	}
}

// AgeUploads moves the beginning of every unfinished upload of a key back: it was begun that much
// earlier.
func (s *Server) AgeUploads(bucketName, key string, by time.Duration) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, b := range s.store.buckets {
		for _, u := range b.uploads {
			if b.name == bucketName && u.target.key == key {
				u.initiated = u.initiated.Add(-by)
			}
		}
	}
}
