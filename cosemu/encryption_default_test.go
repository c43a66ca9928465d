package cosemu

import (
	"strings"
	"testing"
)

// defaultOf is a bucket's default encryption as a document.
func defaultOf(members ...string) string {
	return "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>" +
		strings.Join(members, "") +
		"</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
}

func algorithm(name string) string { return "<SSEAlgorithm>" + name + "</SSEAlgorithm>" }

// TestDefaultEncryptionConfiguration shows PUT, GET and DELETE ?encryption.
func TestDefaultEncryptionConfiguration(t *testing.T) {
	t.Parallel()
	const none = "NoSuchEncryptionConfiguration"
	kms := defaultOf(algorithm("KMS"), "<KMSMasterKeyID>"+secondKMSKey+"</KMSMasterKeyID>",
		"<KMSAlgorithm>SM4</KMSAlgorithm>")
	scenarios(t, map[string][]step{
		"set, replaced, deleted": {
			{method: "GET", target: "/?encryption", status: 404, code: none},
			{method: "PUT", target: "/?encryption", body: defaultOf(algorithm("AES256")), status: 200},
			{method: "GET", target: "/?encryption", status: 200, answer: defaultOf(algorithm("AES256"))},
			{method: "PUT", target: "/?encryption", body: kms, status: 200},
			{method: "GET", target: "/?encryption", status: 200, answer: kms},
			{method: "DELETE", target: "/?encryption", status: 204},
			{method: "GET", target: "/?encryption", status: 404, code: none},
			{method: "DELETE", target: "/?encryption", status: 204},
		},
		"by the name that other SDKs write": {
			{
				method: "PUT", target: "/?encryption", status: 200, body: strings.ReplaceAll(
					defaultOf(algorithm("AES256")), "ApplyServerSideEncryptionByDefault",
					"ApplySideEncryptionConfiguration"),
			},
			{method: "GET", target: "/?encryption", status: 200, answer: defaultOf(algorithm("AES256"))},
		},
		"refused": {
			refusedDefault("MalformedXML", algorithm("cos/kms")),
			refusedDefault("MalformedXML", algorithm("SSE-C")),
			refusedDefault("MalformedXML"),
			refusedDefault("MalformedXML", algorithm("AES256"), "<KMSMasterKeyID>x</KMSMasterKeyID>"),
			refusedDefault("MalformedXML", algorithm("SM4"), "<KMSAlgorithm>SM4</KMSAlgorithm>"),
			refusedDefault("MalformedXML", algorithm("KMS"), "<KMSAlgorithm>DES</KMSAlgorithm>"),
			refusedDefault("KmsKeyNotExist", algorithm("KMS"), "<KMSMasterKeyID>x</KMSMasterKeyID>"),
			{method: "GET", target: "/?encryption", status: 404, code: none},
		},
	})
}

func refusedDefault(code string, members ...string) step {
	return step{
		method: "PUT", target: "/?encryption", body: defaultOf(members...), status: statusOf[code],
		code: code,
	}
}

// TestDefaultEncryptionApplies shows what each default does to writes with and without headers of
// their own: PUT, copy and multipart uploads alike.
func TestDefaultEncryptionApplies(t *testing.T) {
	t.Parallel()
	defaults := map[string]struct {
		body  string
		shown map[string]string
	}{
		"AES256": {defaultOf(algorithm("AES256")), shows(headerSSE, "AES256")},
		"SM4":    {defaultOf(algorithm("SM4")), shows(headerSSE, "SM4")},
		"KMS": {
			defaultOf(algorithm("KMS")), shows(headerSSE, "cos/kms", headerKMSKey, DefaultKMSKey),
		},
		"KMS with a key": {
			defaultOf(algorithm("KMS"), "<KMSMasterKeyID>"+secondKMSKey+"</KMSMasterKeyID>"),
			shows(headerSSE, "cos/kms", headerKMSKey, secondKMSKey),
		},
	}
	for defaultName, d := range defaults {
		for name, e := range encryptions {
			t.Run(defaultName+"/"+name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.must(t, "PUT", "/before", objectContent)
				r.must(t, "PUT", "/?encryption", d.body)
				shown := e.shown
				if name == "none" {
					shown = d.shown
				}
				copied := append([]string{copyFrom(plainHost + "/before")}, e.ask...)
				r.run(t,
					step{method: "PUT", target: "/a", headers: e.ask, status: 200, want: shown},
					step{method: "HEAD", target: "/a", headers: e.open, status: 200, want: shown},
					step{method: "PUT", target: "/b", headers: copied, status: 200, want: shown},
					step{method: "HEAD", target: "/b", headers: e.open, status: 200, want: shown},
					step{method: "POST", target: "/c?uploads", headers: e.ask, status: 200, want: shown},
					step{method: "HEAD", target: "/before", status: 200, want: shows()},
					step{method: "DELETE", target: "/?encryption", status: 204},
					step{method: "HEAD", target: "/a", headers: e.open, status: 200, want: shown},
				)
			})
		}
	}
}

// TestDefaultKMSKeyDisabled shows that a default whose key is disabled stops writes that rely on
// it, and no others.
func TestDefaultKMSKeyDisabled(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/?encryption", defaultOf(algorithm("KMS")))
	r.DisableKMSKey(DefaultKMSKey)
	r.run(t,
		step{method: "PUT", target: "/a", status: 400, code: "KmsKeyDisabled"},
		step{method: "PUT", target: "/a", headers: []string{headerSSE + ": AES256"}, status: 200},
	)
}
