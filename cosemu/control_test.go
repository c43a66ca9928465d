package cosemu

import (
	"testing"
	"time"
)

// event is something that happens to the object key, written with headers, and what requests
// find afterwards.
type event struct {
	headers []string
	happens func(*rig) error
	after   []step
}

// happen runs each event on a server of its own.
func happen(t *testing.T, events map[string]event) {
	t.Helper()
	for name, e := range events {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.must(t, "PUT", "/key", "body", e.headers...)
			if err := e.happens(r); err != nil {
				t.Fatal(err)
			}
			r.run(t, e.after...)
		})
	}
}

func TestObjectEvents(t *testing.T) {
	t.Parallel()
	head := func(want map[string]string) step {
		return step{method: "HEAD", target: "/key", status: 200, want: want}
	}
	happen(t, map[string]event{
		"class-moved": {
			nil, func(r *rig) error { return r.SetObjectStorageClass(plainBucket, "key", "archive") },
			[]step{
				head(map[string]string{
					headerClass: "ARCHIVE", headerETag: `"` + md5Hex("body") + `"`,
					"Last-Modified": "Sun, 01 Mar 2026 12:00:00 GMT",
				}),
				{method: "GET", target: "/key", status: 403, code: "InvalidObjectState"},
			},
		},
		"locked": {
			nil, func(r *rig) error {
				return r.LockObject(plainBucket, "key", r.clock.read().Add(time.Hour))
			},
			[]step{{method: "DELETE", target: "/key", status: 409, code: "ObjectLocked"}},
		},
		"lock-over": {
			nil, func(r *rig) error {
				defer r.clock.advance(2 * time.Hour)
				return r.LockObject(plainBucket, "key", r.clock.read().Add(time.Hour))
			},
			[]step{{method: "DELETE", target: "/key", status: 204}},
		},
		"crc64-forgotten": {
			nil, func(r *rig) error { return r.ForgetCRC64(plainBucket, "key") },
			[]step{head(map[string]string{headerCRC64: "-", headerETag: "*"})},
		},
		"aged": {
			nil, func(r *rig) error { return r.AgeObject(plainBucket, "key", time.Hour) },
			[]step{head(map[string]string{"Last-Modified": "Sun, 01 Mar 2026 11:00:00 GMT"})},
		},
		"restore-expired": {
			[]string{"x-cos-storage-class: ARCHIVE"},
			func(r *rig) error {
				r.do("POST", "/key?restore", restoreDocument(3, ""))
				return r.ExpireRestore(plainBucket, "key")
			},
			[]step{
				head(map[string]string{"x-cos-restore": "-"}),
				{method: "GET", target: "/key", status: 403, code: "InvalidObjectState"},
			},
		},
	})
}

func TestKMSEvents(t *testing.T) {
	t.Parallel()
	const kms = "x-cos-server-side-encryption: cos/kms"
	happen(t, map[string]event{
		"kms-key-disabled": {
			[]string{kms},
			func(r *rig) error { r.DisableKMSKey(DefaultKMSKey); return nil },
			[]step{
				{method: "GET", target: "/key", status: 400, code: "KmsKeyDisabled"},
				{method: "PUT", target: "/new", headers: []string{kms}, status: 400, code: "KmsKeyDisabled"},
			},
		},
		"kms-key-enabled-again": {
			[]string{kms},
			func(r *rig) error {
				r.DisableKMSKey(DefaultKMSKey)
				r.EnableKMSKey(DefaultKMSKey)
				return nil
			},
			[]step{{method: "GET", target: "/key", status: 200}},
		},
		"unknown-kms-key-stays-unknown": {
			nil, func(r *rig) error { r.EnableKMSKey("no-such-key"); return nil },
			[]step{{
				method: "PUT", target: "/new", status: 400, code: "KmsKeyNotExist", headers: []string{
					kms, "x-cos-server-side-encryption-cos-kms-key-id: no-such-key",
				},
			}},
		},
	})
}

func TestEventsOfMissingObjectsAreErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, err := range map[string]error{
		"class":  r.SetObjectStorageClass(plainBucket, "key", "ARCHIVE"),
		"lock":   r.LockObject(plainBucket, "key", time.Now()),
		"expire": r.ExpireRestore(plainBucket, "key"),
		"forget": r.ForgetCRC64("no-such-bucket", "key"),
		"age":    r.AgeObject(plainBucket, "key", time.Hour),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCredentialsExpire(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{Credentials: []Credential{
		{SecretID: "AKIDtemporary", SecretKey: "secret", SecurityToken: "token"},
	}})
	c.signer.id, c.signer.key, c.signer.token = "AKIDtemporary", "secret", "token"
	c.do("PUT", "/key", "x").expect(t, 200, "")
	c.SetCredentialExpired("AKIDtemporary", true)
	c.do("GET", "/key", "").expect(t, 400, "ExpiredToken")
	c.SetCredentialExpired("AKIDtemporary", false)
	c.do("GET", "/key", "").expect(t, 200, "")
}
