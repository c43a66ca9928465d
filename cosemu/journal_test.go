package cosemu

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestJournalEntries(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/key", "four", join(withKey(keyOne), []string{
		"x-cos-meta-a: secret value", "Content-Type: text/plain",
	})...)
	r.do("HEAD", "/key", "")
	r.do("GET", "/missing", "")
	want := []JournalEntry{
		{
			Op: "PutObject", Bucket: plainBucket, Region: "ap-guangzhou", Key: "key", Status: 200,
			SSEMode: "SSE-C", BytesIn: 4, HeaderNames: []string{
				"x-cos-meta-a", "x-cos-server-side-encryption-customer-algorithm",
				"x-cos-server-side-encryption-customer-key",
				"x-cos-server-side-encryption-customer-key-md5",
			},
		},
		{
			Op: "HeadObject", Bucket: plainBucket, Region: "ap-guangzhou", Key: "key", Status: 400,
			SSEMode: "SSE-C", Code: "SsecDecryptHeaderInvalid",
		},
		{
			Op: "GetObject", Bucket: plainBucket, Region: "ap-guangzhou", Key: "missing",
			Status: 404, SSEMode: "NONE", Code: "NoSuchKey",
		},
	}
	got := r.Journal()
	if got[2].BytesOut == 0 {
		t.Error("the error's body is not counted")
	}
	got[2].BytesOut, got[0].KeyFingerprint = 0, ""
	if !reflect.DeepEqual(got, want) {
		t.Errorf("journal =\n%+v\nwant\n%+v", got, want)
	}
	if r.Requests("PutObject") != 1 || r.Requests("DeleteObject") != 0 {
		t.Error("Requests does not count the journal")
	}
	r.ResetJournal()
	if got := r.Journal(); len(got) != 0 {
		t.Errorf("journal after ResetJournal = %+v", got)
	}
}

func TestJournalTellsKeysApartAndHidesThem(t *testing.T) {
	t.Parallel()
	r, other := newRig(t), newRig(t)
	for _, key := range []string{keyOne, keyOne, keyTwo} {
		r.must(t, "PUT", "/key", "x", withKey(key)...)
	}
	other.must(t, "PUT", "/key", "x", withKey(keyOne)...)
	journal := r.Journal()
	first, same, second := journal[0].KeyFingerprint, journal[1].KeyFingerprint,
		journal[2].KeyFingerprint
	if first == "" || first != same || first == second {
		t.Errorf("fingerprints = %q %q %q", first, same, second)
	}
	if first == other.Journal()[0].KeyFingerprint {
		t.Error("the fingerprint is not salted per server")
	}
	text, err := json.Marshal(journal)
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%s %+v %#v", text, journal, journal)
	for _, header := range withKey(keyOne) {
		_, value, _ := strings.Cut(header, ": ")
		if value != "AES256" && strings.Contains(shown, value) || strings.Contains(shown, keyOne) {
			t.Errorf("the journal shows the key or its MD5: %s", shown)
		}
	}
}

// TestJournalIsAheadOfAnswers reads answers that are longer than any buffer: the entry must not
// wait for the end of the handler.
func TestJournalIsAheadOfAnswers(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	body := strings.Repeat("x", 1<<20)
	c.do("PUT", "/key", body).expect(t, 200, "")
	for range 5 {
		c.ResetJournal()
		c.do("GET", "/key", "")
		journal := c.Journal()
		if len(journal) != 1 || journal[0].Status != 200 || journal[0].BytesOut != 1<<20 {
			t.Fatalf("journal = %+v", journal)
		}
	}
}

func TestJournalOfBrokenConnections(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	c.AddFaults(Fault{Op: "PutObject", Reset: true})
	if _, err := c.try("PUT", "/key", "x"); err == nil {
		t.Fatal("the connection was not reset")
	}
	c.do("HEAD", "/key", "")
	journal := c.Journal()
	if len(journal) != 2 || journal[0].Op != "PutObject" || journal[0].Status != 0 {
		t.Errorf("journal = %+v", journal)
	}
}

// TestJournalIsBounded shows that the newest entries stay, and that all are counted.
func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]string{3: "3 4 5 ", 5: "1 2 3 4 5 ", 7: "1 2 3 4 5 ", -1: "1 2 3 4 5 "} {
		r := newRig(t, func(c *Config) { c.JournalLimit = limit })
		for range 2 {
			got := ""
			for i := range 5 {
				r.do("HEAD", fmt.Sprintf("/%d", i+1), "")
			}
			for _, entry := range r.Journal() {
				got += entry.Key + " "
			}
			if got != want || r.Requests("HeadObject") != 5 || r.RequestCounts()["HeadObject"] != 5 {
				t.Errorf("limit %d: journal %q of %d requests, want %q of 5", limit, got, r.Requests("HeadObject"), want)
			}
			r.ResetJournal()
			if len(r.Journal()) != 0 || r.Requests("HeadObject") != 0 {
				t.Errorf("limit %d: the journal is not empty after the reset", limit)
			}
		}
	}
}
