package object

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in   decisionInput
		want decision
	}{
		"create": {
			decisionInput{creating: true, hasBody: true, content: changed, encryption: changed},
			decision{action: actionCreate, written: true},
		},
		"create by copy": {
			decisionInput{creating: true, hasBody: true, copySource: true, content: changed},
			decision{action: actionCreate, written: true},
		},
		"create or replace without a body": {
			decisionInput{creating: true},
			decision{action: actionCreate, written: true, problem: problemNoBody},
		},
		"nothing": {decisionInput{hasBody: true}, decision{}},
		"content": {
			decisionInput{hasBody: true, content: changed},
			decision{action: actionUpload, written: true},
		},
		"content and encryption": {
			decisionInput{hasBody: true, content: changed, encryption: changed},
			decision{action: actionUpload, written: true},
		},
		"content of an archived object": {
			decisionInput{hasBody: true, content: changed, obstacle: obstacleArchived},
			decision{action: actionUpload, written: true},
		},
		"content, tags and ACL go in one request": {
			decisionInput{hasBody: true, content: changed, tags: changed, acl: changed},
			decision{action: actionUpload, written: true},
		},
		"content not known": {
			decisionInput{hasBody: true, content: unsure},
			decision{action: actionUnsure, written: true},
		},
		"source of a copy": {
			decisionInput{hasBody: true, copySource: true, content: changed},
			decision{action: actionCopySource, written: true},
		},
		"encryption": {
			decisionInput{hasBody: true, encryption: changed},
			decision{action: actionRewrite, written: true},
		},
		"encryption of an imported object": {
			decisionInput{encryption: changed},
			decision{action: actionRewrite, written: true},
		},
		"encryption not known": {
			decisionInput{hasBody: true, encryption: unsure},
			decision{action: actionUnsure, written: true},
		},
		"headers or metadata": {
			decisionInput{hasBody: true, headers: changed},
			decision{action: actionRewrite, written: true},
		},
		"storage class": {
			decisionInput{hasBody: true, class: changed},
			decision{action: actionRewrite, written: true},
		},
		"storage class and tags go in one request": {
			decisionInput{hasBody: true, class: changed, tags: changed},
			decision{action: actionRewrite, written: true},
		},
		"headers changed, class not known": {
			decisionInput{hasBody: true, headers: changed, class: unsure},
			decision{action: actionRewrite, written: true},
		},
		"tags only": {
			decisionInput{hasBody: true, tags: changed}, decision{tags: true},
		},
		"ACL only": {
			decisionInput{hasBody: true, acl: changed}, decision{acl: true},
		},
		"tags and ACL": {
			decisionInput{hasBody: true, tags: changed, acl: changed},
			decision{tags: true, acl: true},
		},
		"tags not known": {
			decisionInput{hasBody: true, tags: unsure}, decision{tags: true},
		},
		"write-only version only": {
			decisionInput{hasBody: true, writeOnlyBumped: true}, decision{written: true},
		},
		"encryption, key lost, body at hand": {
			decisionInput{hasBody: true, encryption: changed, obstacle: obstacleKey},
			decision{action: actionUpload, instead: obstacleKey, written: true},
		},
		"encryption, key lost, source of a copy at hand": {
			decisionInput{
				hasBody: true, copySource: true, encryption: changed, obstacle: obstacleKey,
			},
			decision{action: actionCopySource, instead: obstacleKey, written: true},
		},
		"encryption, key lost, no body": {
			decisionInput{encryption: changed, obstacle: obstacleKey},
			decision{action: actionRewrite, problem: problemUnreadable, written: true},
		},
		"class of an archived object, body at hand": {
			decisionInput{hasBody: true, class: changed, obstacle: obstacleArchived},
			decision{action: actionUpload, instead: obstacleArchived, written: true},
		},
		"class of an archived object, no body": {
			decisionInput{class: changed, obstacle: obstacleArchived},
			decision{action: actionRewrite, problem: problemUnreadable, written: true},
		},
		"encryption not known, key lost, no body": {
			decisionInput{encryption: unsure, obstacle: obstacleKey},
			decision{action: actionUnsure, written: true},
		},
		"encryption not known, archived, body at hand": {
			decisionInput{hasBody: true, encryption: unsure, obstacle: obstacleArchived},
			decision{action: actionUnsure, written: true},
		},
		"content not known, encryption changed": {
			decisionInput{hasBody: true, content: unsure, encryption: changed},
			decision{action: actionUnsure, written: true},
		},
		"nothing to write, key lost": {
			decisionInput{hasBody: true, obstacle: obstacleKey}, decision{},
		},
		"tags of an archived object": {
			decisionInput{tags: changed, obstacle: obstacleArchived}, decision{tags: true},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, decide(test.in),
				cmp.AllowUnexported(decision{})); diff != "" {
				t.Errorf("decide (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMustWrite: an error about a key belongs into a plan that certainly writes, and into no other.
func TestMustWrite(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in   decisionInput
		want bool
	}{
		"create":                   {decisionInput{creating: true}, true},
		"content":                  {decisionInput{content: changed}, true},
		"content not known":        {decisionInput{content: unsure}, false},
		"encryption":               {decisionInput{encryption: changed}, true},
		"encryption, content open": {decisionInput{content: unsure, encryption: changed}, true},
		"encryption not known":     {decisionInput{encryption: unsure}, false},
		"headers":                  {decisionInput{headers: changed}, true},
		"storage class":            {decisionInput{class: changed}, true},
		"tags and ACL":             {decisionInput{tags: changed, acl: changed}, false},
		"write-only version":       {decisionInput{writeOnlyBumped: true}, false},
		"nothing":                  {decisionInput{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.in.mustWrite(); got != test.want {
				t.Errorf("mustWrite = %t, want %t", got, test.want)
			}
		})
	}
}

func TestChangeOr(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ a, b, want change }{
		{unchanged, unchanged, unchanged},
		{unchanged, unsure, unsure},
		{unsure, unchanged, unsure},
		{changed, unsure, changed},
		{unsure, changed, changed},
		{changed, unchanged, changed},
	} {
		if got := test.a.or(test.b); got != test.want {
			t.Errorf("%d or %d = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
