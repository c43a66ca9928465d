package main

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

const (
	region = "ap-guangzhou"
	bucket = "examplebucket-1250000000"
)

// Keys of the objects in the demonstration's configuration.
const (
	reportKey   = "reports/2026.csv"
	ledgerKey   = "ledger/2026.json"
	contractKey = "contracts/2026.txt"
	payrollKey  = "payroll/2026.csv"
)

// customerKey is an SSE-C key of the demonstration: 32 random bytes, and the text in which the
// configuration gets them. It protects nothing but the emulator's objects.
type customerKey struct {
	raw  []byte
	text string
}

// newTextKey makes a key that is 32 characters of text.
func newTextKey() customerKey {
	text := hex.EncodeToString(randomBytes(16))
	return customerKey{raw: []byte(text), text: text}
}

// newBinaryKey makes a key of any 32 bytes, which is given as Base64.
func newBinaryKey() customerKey {
	raw := randomBytes(32)
	return customerKey{raw: raw, text: base64.StdEncoding.EncodeToString(raw)}
}

// md5 is how COS names the key.
func (k customerKey) md5() string {
	sum := md5.Sum(k.raw)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (k customerKey) base64() string { return base64.StdEncoding.EncodeToString(k.raw) }

// spellings are the forms in which the key must be nowhere.
func (k customerKey) spellings() []string {
	return []string{string(k.raw), k.base64(), hex.EncodeToString(k.raw)}
}

// scenario is what is made up at random for one run, and how far its keys were rotated.
type scenario struct {
	secretID, secretKey      string
	defaultKMSKey, kmsKey    string
	oldContract, newContract customerKey
	oldPayroll, newPayroll   customerKey

	rotated, oldKeysForgotten bool
}

func newScenario() *scenario {
	return &scenario{
		secretID: rand.Text(), secretKey: rand.Text(),
		defaultKMSKey: newKMSKeyID(), kmsKey: newKMSKeyID(),
		oldContract: newTextKey(), newContract: newTextKey(),
		oldPayroll: newBinaryKey(), newPayroll: newBinaryKey(),
	}
}

func newKMSKeyID() string {
	b := randomBytes(16)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// customerKeys are all SSE-C keys of the run.
func (sc *scenario) customerKeys() []customerKey {
	return []customerKey{sc.oldContract, sc.newContract, sc.oldPayroll, sc.newPayroll}
}

// keyring is the provider's customer_keys at this point of the story.
func (sc *scenario) keyring() map[string]string {
	keys := map[string]string{}
	if !sc.oldKeysForgotten {
		keys["contracts-2025"] = sc.oldContract.text
	}
	if sc.rotated {
		keys["contracts-2026"] = sc.newContract.text
	}
	if sc.rotated && !sc.oldKeysForgotten {
		keys["payroll-2025"] = sc.oldPayroll.text
	}
	return keys
}

// variables are the configuration's input variables at this point of the story.
func (sc *scenario) variables() (map[string]string, error) {
	keyring, err := json.Marshal(sc.keyring())
	if err != nil {
		return nil, fmt.Errorf("encoding the keyring: %w", err)
	}
	variables := map[string]string{
		"secret_id": sc.secretID, "secret_key": sc.secretKey, "kms_key_id": sc.kmsKey,
		"customer_keys":     string(keyring),
		"contract_key_name": "contracts-2025",
		"payroll_key":       sc.oldPayroll.text, "payroll_key_version": "1",
	}
	if sc.rotated {
		variables["contract_key_name"] = "contracts-2026"
		variables["payroll_key"], variables["payroll_key_version"] = sc.newPayroll.text, "2"
	}
	return variables, nil
}
