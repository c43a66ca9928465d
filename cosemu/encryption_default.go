package cosemu

import (
	"encoding/xml"
	"net/http"
	"slices"
)

// defaultEncryption is a bucket's configuration (document 40136).
type defaultEncryption struct {
	algorithm    string // AES256, SM4 or KMS: not cos/kms as in object headers
	kmsKeyID     string
	kmsAlgorithm string
}

type encryptionXML struct {
	XMLName xml.Name `xml:"ServerSideEncryptionConfiguration"`
	Rule    struct {
		Apply applyXML `xml:"ApplyServerSideEncryptionByDefault"`
		// Other is another name that the official Python and Node SDKs write.
		Other *applyXML `xml:"ApplySideEncryptionConfiguration"`
	} `xml:"Rule"`
}

type applyXML struct {
	SSEAlgorithm   string `xml:"SSEAlgorithm"`
	KMSMasterKeyID string `xml:"KMSMasterKeyID,omitempty"`
	KMSAlgorithm   string `xml:"KMSAlgorithm,omitempty"`
}

// defaultSSE is what a write without encryption headers gets.
func (x *exchange) defaultSSE() (sseRecord, *apiError) {
	x.store.mu.Lock()
	configured := x.bucket.encryption
	x.store.mu.Unlock()
	switch {
	case configured == nil || x.fault != nil && x.fault.DropEncryption:
		return sseRecord{mode: modeNone}, nil
	case configured.algorithm == "KMS":
		return x.kmsEncryption(configured.kmsKeyID)
	default:
		return sseRecord{mode: modeCOS, algorithm: configured.algorithm}, nil
	}
}

func putEncryption(x *exchange) *apiError {
	var document encryptionXML
	if err := x.readXML(&document); err != nil {
		return err
	}
	apply := document.Rule.Apply
	if document.Rule.Other != nil {
		apply = *document.Rule.Other
	}
	switch apply.SSEAlgorithm {
	case "AES256", "SM4":
		if apply.KMSMasterKeyID != "" || apply.KMSAlgorithm != "" {
			return failure("MalformedXML", "KMS members need the SSEAlgorithm KMS.")
		}
	case "KMS":
		if !slices.Contains([]string{"", "AES256", "SM4"}, apply.KMSAlgorithm) {
			return failure("MalformedXML", "KMSAlgorithm must be AES256 or SM4.")
		}
		if apply.KMSMasterKeyID != "" {
			if err := x.checkKMSKey(apply.KMSMasterKeyID); err != nil {
				return err
			}
		}
	default:
		return failure("MalformedXML", "SSEAlgorithm must be AES256, SM4 or KMS.")
	}
	configured := &defaultEncryption{
		algorithm: apply.SSEAlgorithm, kmsKeyID: apply.KMSMasterKeyID,
		kmsAlgorithm: apply.KMSAlgorithm,
	}
	if err := x.updateBucket(func(b *bucket) { b.encryption = configured }); err != nil {
		return err
	}
	x.answerEmpty(http.StatusOK)
	return nil
}

func getEncryption(x *exchange) *apiError {
	x.store.mu.Lock()
	configured := x.bucket.encryption
	x.store.mu.Unlock()
	if configured == nil {
		return failure("NoSuchEncryptionConfiguration",
			"The specified bucket does not have a Encryption configuration")
	}
	var document encryptionXML
	document.Rule.Apply.SSEAlgorithm = configured.algorithm
	document.Rule.Apply.KMSMasterKeyID = configured.kmsKeyID
	document.Rule.Apply.KMSAlgorithm = configured.kmsAlgorithm
	x.answerXML(document)
	return nil
}

func deleteEncryption(x *exchange) *apiError {
	if err := x.updateBucket(func(b *bucket) { b.encryption = nil }); err != nil {
		return err
	}
	x.answerEmpty(http.StatusNoContent)
	return nil
}
