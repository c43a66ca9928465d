package cosemu

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

// KMSKeyState is what KMS says of a key.
type KMSKeyState string

// The states of a key. COS documents the answers for a key that is missing or disabled; those for
// the other two are choices.
const (
	KMSKeyEnabled         KMSKeyState = "enabled"
	KMSKeyDisabled        KMSKeyState = "disabled"         // 400 KmsKeyDisabled
	KMSKeyPendingDeletion KMSKeyState = "pending-deletion" // 400 KmsException
	KMSKeyDenied          KMSKeyState = "denied"           // 403 AccessDenied: no right to use the key
)

func (s KMSKeyState) check() error {
	switch s {
	case KMSKeyEnabled, KMSKeyDisabled, KMSKeyPendingDeletion, KMSKeyDenied:
		return nil
	}
	return fmt.Errorf("a KMS key is enabled, disabled, pending-deletion or denied, not %q", string(s))
}

// splitKMSKey takes <id>[=<state>] apart.
func splitKMSKey(text string) (id string, state KMSKeyState, err error) {
	id, named, found := strings.Cut(text, "=")
	if !found {
		return id, KMSKeyEnabled, nil
	}
	return id, KMSKeyState(named), KMSKeyState(named).check()
}

// SetKMSKey sets the state of a key, and makes one that does not exist yet: an administrator of KMS
// did it. What is encrypted with a key that cannot be used cannot be read either.
func (s *Server) SetKMSKey(id string, state KMSKeyState) error {
	if err := state.check(); err != nil {
		return err
	}
	if id == "" {
		return errors.New("a KMS key needs an id")
	}
	s.mu.Lock()
	s.kmsKeys[id] = state
	s.mu.Unlock()
	return s.saveAccount()
}

// KMSKeys returns all keys and their states.
func (s *Server) KMSKeys() map[string]KMSKeyState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.kmsKeys)
}

// SetCredential adds a key pair that may sign requests, or replaces the one with its id.
func (s *Server) SetCredential(credential Credential) error {
	if err := credential.check(s.config.AllowRemote); err != nil {
		return err
	}
	s.mu.Lock()
	s.credentials[credential.SecretID] = credential
	s.mu.Unlock()
	return nil
}

// RemoveCredential takes a key pair away: from now on it answers InvalidAccessKeyId.
func (s *Server) RemoveCredential(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.credentials, id)
}

// credential is the pair with an id, as it is now.
func (s *Server) credential(id string) (Credential, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	credential, known := s.credentials[id]
	if !credential.Expires.IsZero() && !s.config.Now().Before(credential.Expires) {
		credential.Expired = true
	}
	return credential, known
}

func (c Credential) check(remote bool) error {
	switch {
	case c.SecretID == "" || c.SecretKey == "":
		return errors.New("a credential needs an id and a key")
	case remote && (c.SecretID == DocumentedCredential().SecretID ||
		c.SecretKey == DocumentedCredential().SecretKey):
		return errors.New("the documented key pair opens nothing to other machines: " +
			"remote access needs credentials of your own")
	case remote && len(c.SecretKey) < minRemoteKey:
		return fmt.Errorf("remote access needs a secret key of at least %d characters", minRemoteKey)
	}
	return nil
}

// minRemoteKey keeps keys that can be guessed away from open ports.
const minRemoteKey = 16

// credentialJSON is a pair as the admin address takes it. It shows none.
type credentialJSON struct {
	SecretKey     string    `json:"secret_key"`
	SecurityToken string    `json:"security_token"`
	Expired       bool      `json:"expired"`
	Expires       time.Time `json:"expires"`
}

func (s *Server) putCredential(w http.ResponseWriter, r *http.Request) {
	var request credentialJSON
	err := readJSON(w, r, &request)
	if err == nil {
		err = s.SetCredential(Credential{
			SecretID: r.PathValue("id"), SecretKey: request.SecretKey, Expired: request.Expired,
			SecurityToken: request.SecurityToken, Expires: request.Expires,
		})
	}
	answerError(w, err)
}

func (s *Server) putKMSKey(w http.ResponseWriter, r *http.Request) {
	var request struct {
		State KMSKeyState `json:"state"`
	}
	err := readJSON(w, r, &request)
	if err == nil {
		err = s.SetKMSKey(r.PathValue("id"), request.State)
	}
	answerError(w, err)
}

// patchObject makes something happen to the object that the query names by bucket and key.
func (s *Server) patchObject(w http.ResponseWriter, r *http.Request) {
	var event struct {
		StorageClass   string    `json:"storage_class"`
		LockedUntil    time.Time `json:"locked_until"`
		RestoreExpired bool      `json:"restore_expired"`
		CRC64Forgotten bool      `json:"crc64_forgotten"`
		OlderBy        Duration  `json:"older_by"`
	}
	err := readJSON(w, r, &event)
	bucketName, key := r.URL.Query().Get("bucket"), r.URL.Query().Get("key")
	if err == nil && event.StorageClass != "" {
		err = s.SetObjectStorageClass(bucketName, key, event.StorageClass)
	}
	if err == nil && !event.LockedUntil.IsZero() {
		err = s.LockObject(bucketName, key, event.LockedUntil)
	}
	if err == nil && event.RestoreExpired {
		err = s.ExpireRestore(bucketName, key)
	}
	if err == nil && event.CRC64Forgotten {
		err = s.ForgetCRC64(bucketName, key)
	}
	if err == nil && event.OlderBy != 0 {
		err = s.AgeObject(bucketName, key, time.Duration(event.OlderBy))
	}
	answerError(w, err)
}

// getObjectFacts shows what is stored of an object: no body, no key.
func (s *Server) getObjectFacts(w http.ResponseWriter, r *http.Request) {
	stored, ok := s.Inspect(r.URL.Query().Get("bucket"), r.URL.Query().Get("key"))
	if !ok {
		http.Error(w, "there is no such object", http.StatusNotFound)
		return
	}
	answerJSON(func() any { return stored })(w, r)
}
