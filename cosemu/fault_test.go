package cosemu

import (
	"bytes"
	"strings"
	"testing"
)

func TestFaultsEndToEnd(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789", 1000)
	tests := map[string]struct {
		fault  Fault
		method string
		status int // of the answer; 0: the connection breaks
		code   string
		// stored tells whether a PUT was carried out.
		stored bool
		check  func(*testing.T, answer)
	}{
		"reset":       {fault: Fault{Reset: true}},
		"status":      {fault: Fault{Status: 503}, status: 503, code: "ServiceUnavailable"},
		"code":        {fault: Fault{Code: "SlowDown"}, status: 503, code: "SlowDown"},
		"status-code": {fault: Fault{Status: 500, Code: "Odd"}, status: 500, code: "Odd"},
		"error-in-200": {
			fault: Fault{ErrorIn200: true}, status: 200, code: "InternalError",
		},
		"error-in-200-with-code": {
			fault: Fault{ErrorIn200: true, Code: "SlowDown"}, status: 200, code: "SlowDown",
		},
		"drop-answer": {fault: Fault{DropAnswer: true}, stored: true},
		"delay":       {fault: Fault{DelayMS: 1}, status: 200, stored: true},
		"no-encryption-echo": {
			fault: Fault{NoEncryptionEcho: true}, status: 200, stored: true,
			check: func(t *testing.T, a answer) {
				a.check(t, "PUT", map[string]string{
					headerSSE: "-", headerCRC64: "*", headerETag: "*",
				})
			},
		},
		"no-crc64": {
			fault: Fault{NoCRC64: true}, status: 200, stored: true,
			check: func(t *testing.T, a answer) {
				a.check(t, "PUT", map[string]string{headerSSE: "AES256", headerCRC64: "-"})
			},
		},
		"drop-encryption": {
			fault: Fault{DropEncryption: true}, status: 200, stored: true,
			check: func(t *testing.T, a answer) {
				a.check(t, "PUT", map[string]string{headerSSE: "-", headerCRC64: "*"})
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, Config{})
			test.fault.Op = "PutObject"
			c.AddFaults(test.fault)
			a, err := c.try("PUT", "/key", body, "x-cos-server-side-encryption: AES256")
			if (err != nil) != (test.status == 0) {
				t.Fatalf("error = %v, answer %d", err, a.status)
			}
			if err == nil {
				a.expect(t, test.status, test.code)
			}
			if test.check != nil {
				test.check(t, a)
			}
			if stored := c.do("HEAD", "/key", "").status == 200; stored != test.stored {
				t.Errorf("stored = %t, want %t", stored, test.stored)
			}
			c.do("PUT", "/key", body).expect(t, 200, "")
		})
	}
}

func TestFaultOfDroppedEncryptionStoresPlainBytes(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string][]string{
		"SSE-COS": {"x-cos-server-side-encryption: AES256"},
		"SSE-KMS": {"x-cos-server-side-encryption: cos/kms"},
		"SSE-C":   withKey(keyOne),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, Config{})
			c.AddFaults(Fault{Op: "PutObject", DropEncryption: true})
			c.do("PUT", "/key", "body", headers...).expect(t, 200, "")
			a := c.do("GET", "/key", "")
			a.expect(t, 200, "")
			a.check(t, "GET", map[string]string{headerSSE: "-", headerCustomerMD5: "-"})
			if got := c.Journal()[0].SSEMode; got != "NONE" {
				t.Errorf("journal: mode %s, want what was stored", got)
			}
		})
	}
}

func TestFaultOfTruncationCutsBodyInHalf(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789", 100_000)
	c := newClient(t, Config{})
	c.do("PUT", "/key", body).expect(t, 200, "")
	c.AddFaults(Fault{Op: "GetObject", Truncate: true}, Fault{Op: "PutObjectCopy", Truncate: true})
	a, err := c.try("GET", "/key", "")
	if err == nil || a.status != 200 || a.body != body[:len(body)/2] {
		t.Errorf("got %d bytes, status %d, error %v; want half of %d and an error",
			len(a.body), a.status, err, len(body))
	}
	source := "x-cos-copy-source: " + plainHost + "/key"
	a, err = c.try("PUT", "/copy", "", source)
	if err == nil || !strings.Contains(a.body, "<CopyObjectResult>") ||
		strings.Contains(a.body, "</CopyObjectResult>") {
		t.Errorf("copy: %q, error %v; want half a document and an error", a.body, err)
	}
	c.do("HEAD", "/copy", "").expect(t, 200, "")
}

func TestFaultsAreTakenInOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.AddFaults(
		Fault{Op: "PutObject", Key: "other", Status: 500},
		Fault{Op: "PutObject", Skip: 1, Times: 2, Status: 503},
		Fault{Op: "*", Status: 409},
	)
	var got []int
	for range 5 {
		got = append(got, r.do("PUT", "/key", "x").status)
	}
	for i, want := range []int{409, 503, 503, 200, 200} {
		if got[i] != want {
			t.Fatalf("statuses = %v", got)
		}
	}
	if got := r.do("PUT", "/other", "x").status; got != 500 {
		t.Errorf("status of the other key = %d", got)
	}
	r.AddFaults(Fault{Op: "PutObject", Status: 500})
	r.ClearFaults()
	r.do("PUT", "/key", "x").expect(t, 200, "")
}

func TestFaultsThatCannotHappenAreRefused(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]Fault{
		"no-op":         {Status: 500},
		"misspelt":      {Op: "PutObjects", Status: 500},
		"nothing-wrong": {Op: "PutObject", Times: 3},
		"success":       {Op: "PutObject", Status: 200},
		"negative":      {Op: "PutObject", Reset: true, Times: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("AddFaults takes it")
				}
			}()
			newRig(t).AddFaults(fault)
		})
	}
}

func TestFaultBeforeAuthentication(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	c.AddFaults(Fault{Op: "*", DropAnswer: true})
	c.signer.key = "wrong"
	if _, err := c.try("PUT", "/key", string(bytes.Repeat([]byte("x"), 10))); err == nil {
		t.Error("the answer arrived")
	}
	if entry := c.Journal()[0]; entry.Status != 403 || entry.BytesOut != 0 {
		t.Errorf("journal = %+v, want the refusal that nobody heard of", entry)
	}
	c.do("HEAD", "/key", "").expect(t, 403, "")
}
