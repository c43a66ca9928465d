package cosapi

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTags(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		want   map[string]string
	}{
		"some": {
			answer{status: 200, body: "<Tagging><TagSet><Tag><Key>a b</Key><Value>1&amp;2</Value></Tag>" +
				"<Tag><Key>c</Key><Value></Value></Tag></TagSet></Tagging>"},
			map[string]string{"a b": "1&2", "c": ""},
		},
		"none":   {answer{status: 200, body: "<Tagging><TagSet/></Tagging>"}, map[string]string{}},
		"no-set": {refusal(404, "NoSuchTagSet"), map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newWire(t, script(test.answer)).Tags(t.Context(), testRef("k"))
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

func TestTagsOfAMissingObject(t *testing.T) {
	t.Parallel()
	_, err := newWire(t, script(refusal(404, "NoSuchKey"))).Tags(t.Context(), testRef("k"))
	if Classify(err) != ClassNotFound {
		t.Error(err)
	}
}

func TestPutTags(t *testing.T) {
	t.Parallel()
	version := testRef("k")
	version.VersionID = "V1"
	for name, test := range map[string]struct {
		ref  ObjectRef
		tags map[string]string
		want string
	}{
		"some": {
			testRef("k"),
			map[string]string{"b": "2", "a": "1&"},
			"PUT tagging= <Tagging><TagSet><Tag><Key>a</Key><Value>1&amp;</Value></Tag>" +
				"<Tag><Key>b</Key><Value>2</Value></Tag></TagSet></Tagging>",
		},
		"none":    {testRef("k"), map[string]string{}, "DELETE tagging= "},
		"version": {version, nil, "DELETE tagging=&versionId=V1 "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got string
			w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
				body, _ := io.ReadAll(req.Body)
				got = req.Method + " " + req.URL.Query().Encode() + " " + string(body)
				rw.WriteHeader(http.StatusNoContent)
			})
			if err := w.PutTags(t.Context(), test.ref, test.tags); err != nil || got != test.want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func TestRestoreOutcomes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		want   RestoreOutcome
		class  Class
	}{
		"started":      {answer{status: 202}, RestoreStarted, ClassOther},
		"extended":     {answer{status: 200}, RestoreExtended, ClassOther},
		"in-progress":  {refusal(409, "RestoreAlreadyInProgress"), RestoreInProgress, ClassOther},
		"not-archived": {refusal(405, "RestoreNonArchiveObject"), 0, ClassNotArchived},
		"missing":      {refusal(404, "NoSuchKey"), 0, ClassNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, script(test.answer))
			got, err := w.Restore(t.Context(), testRef("k"), RestoreOptions{Days: 1})
			if got != test.want || Classify(err) != test.class {
				t.Errorf("outcome %d, %v", got, err)
			}
		})
	}
}

func TestRestoreSendsTierAndKey(t *testing.T) {
	t.Parallel()
	var body string
	var header http.Header
	w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
		read, _ := io.ReadAll(req.Body)
		body, header = string(read), req.Header.Clone()
		rw.WriteHeader(http.StatusAccepted)
	})
	key := mustKey(t, vectorKey)
	options := RestoreOptions{Days: 3, Tier: "Bulk", Key: &key}
	if _, err := w.Restore(t.Context(), testRef("k"), options); err != nil {
		t.Fatal(err)
	}
	want := "<RestoreRequest><Days>3</Days><CASJobParameters><Tier>Bulk</Tier></CASJobParameters>" +
		"</RestoreRequest>"
	if body != want || header.Get(headerCustomerKeyMD5) != vectorMD5 ||
		header.Get("Content-MD5") == "" {
		t.Errorf("%s %v", body, header)
	}
}

func TestRestoreThatNobodyBeganIsAskedForAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		restore string
		outcome RestoreOutcome
		ops     []string
	}{
		"there is a copy": {
			restored, RestoreExtended, []string{"HeadObject", "PostObjectRestore"},
		},
		"there is none": {
			"", RestoreStarted, []string{"HeadObject", "PostObjectRestore", "PostObjectRestore"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			posts := 0
			w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
				if req.Method == http.MethodHead {
					found(map[string]string{"x-cos-restore": test.restore}).ServeHTTP(rw, req)
					return
				}
				posts++
				answer{status: map[int]int{1: 200, 2: 202}[posts]}.ServeHTTP(rw, req)
			})
			outcome, err := w.Restore(t.Context(), testRef("k"), RestoreOptions{Days: 1})
			if err != nil || outcome != test.outcome {
				t.Errorf("outcome %d, %v", outcome, err)
			}
			if diff := cmp.Diff(test.ops, w.ops()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
