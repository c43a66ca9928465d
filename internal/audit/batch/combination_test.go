package batch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// combination is one set of answers to what COS's documents leave open.
type combination struct {
	batch cosemu.BatchConfig
	kms   bool
}

func (c combination) name() string {
	wanted := "AES256"
	if c.kms {
		wanted = "KMS"
	}
	return fmt.Sprintf("%s/self-copy=%s/default=%v/report=%s/decoding=%s/constraints=%v/confirmation=%v/loses=%v",
		wanted, c.batch.SelfCopy, !c.batch.IgnoreDefaultEncryption, c.batch.Report,
		c.batch.ManifestDecoding, !c.batch.IgnoreConstraints,
		!c.batch.IgnoreConfirmation, c.batch.Loses)
}

// trusted reports that jobs can do the work.
func (c combination) trusted() bool {
	return c.batch.SelfCopy != cosemu.BatchSelfCopyRefuse && !c.batch.IgnoreConstraints &&
		!c.batch.IgnoreConfirmation &&
		len(c.batch.Loses) == 0 && !(c.kms && c.batch.IgnoreDefaultEncryption)
}

// combinations are all answers to the four questions that have a flag each, and each further one
// beside the friendliest answers to those.
func combinations() []combination {
	var all []combination
	for _, kms := range []bool{false, true} {
		for _, self := range []cosemu.BatchSelfCopy{"allow", "refuse", "needs-add"} {
			for _, ignore := range []bool{false, true} {
				for _, report := range []cosemu.BatchReport{"s3like", "flat", "none"} {
					for _, decoding := range []cosemu.BatchDecoding{"percent", "plus", "none"} {
						all = append(all, combination{kms: kms, batch: cosemu.BatchConfig{
							SelfCopy: self, IgnoreDefaultEncryption: ignore, Report: report,
							ManifestDecoding: decoding,
						}})
					}
				}
			}
		}
		friendly := cosemu.BatchConfig{SelfCopy: "allow", Report: "s3like", ManifestDecoding: "percent"}
		constraints := friendly
		constraints.IgnoreConstraints = true
		unasked := friendly
		unasked.IgnoreConfirmation = true
		all = append(all, combination{kms: kms, batch: constraints}, combination{kms: kms, batch: unasked})
		for _, loss := range []string{"acl", "tags", "metadata", "content-type", "class"} {
			losing := friendly
			losing.Loses = []string{loss}
			all = append(all, combination{kms: kms, batch: losing})
		}
	}
	return all
}

// Under every combination of what is not documented the end is right: converged, or refused with a
// reason, and the user's data is as it was.
func TestEveryCombinationEndsRight(t *testing.T) {
	t.Parallel()
	for _, c := range combinations() {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			w, wanted := newWorld(t, c.batch), wantAES256
			want := len(hardKeys)
			w.fill()
			if c.batch.Report == "s3like" {
				want += w.fillInfrequent()
			}
			if c.kms {
				wanted = wantKMS
				w.setDefault(byTheKey)
			}
			facts, encryption := w.snapshot()
			result, err := w.apply(t.Context(), w.engine(wanted))
			converted := w.checkUntouched(facts, encryption, wanted)
			w.checkAtRest()
			switch {
			case !c.trusted():
				if !IsRefused(err) || converted > 0 {
					t.Errorf("converted %d, %v; want a refusal", converted, err)
				}
			case err != nil:
				t.Error(err)
			case c.batch.ManifestDecoding == "none":
				// "plain" and "a/b", and "ia/plain": what every decoding leaves alone.
				if want = 2 + (want-len(hardKeys))/2; converted != want {
					t.Errorf("converted %d, want the %d plain ones", converted, want)
				}
			case converted != want || result.Failed > 0:
				t.Errorf("converted %d, want %d; %+v", converted, want, result)
			}
		})
	}
}

func TestRefusalsSayWhatCOSDid(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		batch cosemu.BatchConfig
		want  cosapi.EncryptionStatus
		says  []string
	}{
		"self-copy refused": {
			cosemu.BatchConfig{SelfCopy: "refuse"},
			wantAES256,
			[]string{"stayed NONE", "400 InvalidRequest", "Add", "Copy"},
		},
		"default ignored": {
			cosemu.BatchConfig{IgnoreDefaultEncryption: true}, wantKMS, []string{"stayed NONE"},
		},
		"constraint ignored": {
			cosemu.BatchConfig{IgnoreConstraints: true}, wantAES256, []string{"UnModifiedSinceConstraint"},
		},
		"confirmation ignored": {
			cosemu.BatchConfig{IgnoreConfirmation: true}, wantAES256, []string{"did not wait"},
		},
		"ACL lost": {
			cosemu.BatchConfig{Loses: []string{"acl"}}, wantAES256, []string{"lost the ACL"},
		},
		"role refused": {
			cosemu.BatchConfig{Role: "another"}, wantAES256, []string{"Failed", "AccessDenied", "role"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.batch)
			w.fill()
			if tt.want.Mode == cosapi.ModeSSEKMS {
				w.setDefault(byTheKey)
			}
			_, err := w.apply(t.Context(), w.engine(tt.want))
			if !IsRefused(err) {
				t.Fatalf("%v, want a refusal", err)
			}
			for _, text := range tt.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q does not say %q", err, text)
				}
			}
			w.checkAtRest()
		})
	}
}
