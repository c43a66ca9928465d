package cosemu

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// AdminHandler serves the journal and the faults to other programs:
//
//	GET, DELETE /journal         the requests served
//	GET         /requests        how many of each operation
//	GET, POST, DELETE /faults    those to come, as an array of Fault
//	POST        /faults/<kind>   one that FaultKinds names, of ?op=, with key, times, skip, percent
//	GET         /faults/kinds    the names
//	PUT, DELETE /chaos           a Chaos
//
//	GET         /ca.pem          the CA certificate that HTTPS clients must trust
//	GET, PATCH  /settings        Settings
//	GET, PUT    /clock           a ClockState; {"advance": "72h"} moves it
//	GET /kms-keys, PUT /kms-keys/<id>        {"state": "disabled"}, a KMSKeyState
//	PUT, DELETE /credentials/<id>            secret_key, security_token, expired, expires
//	GET, PATCH  /objects?bucket=&key=        what is stored; what happens to it
//
// Only this machine may ask, no page of a browser may, and with Config.AllowRemote a credential is
// asked for.
func (s *Server) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /journal", answerJSON(func() any { return s.Journal() }))
	mux.HandleFunc("DELETE /journal", done(s.ResetJournal))
	mux.HandleFunc("GET /requests", answerJSON(func() any { return s.RequestCounts() }))
	mux.HandleFunc("GET /faults", answerJSON(func() any { return s.PendingFaults() }))
	mux.HandleFunc("POST /faults", s.postFaults)
	mux.HandleFunc("DELETE /faults", done(s.ClearFaults))
	mux.HandleFunc("GET /faults/kinds", answerJSON(func() any { return FaultKinds() }))
	mux.HandleFunc("POST /faults/{kind}", s.postFaultOfKind)
	mux.HandleFunc("PUT /chaos", s.putChaos)
	mux.HandleFunc("DELETE /chaos", done(func() { _ = s.SetChaos(Chaos{}) }))
	mux.HandleFunc("GET /ca.pem", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write(s.CACertificate())
	})
	mux.HandleFunc("GET /settings", answerJSON(func() any { return s.Settings() }))
	mux.HandleFunc("PATCH /settings", s.patchSettings)
	mux.HandleFunc("GET /clock", answerJSON(func() any { return s.Clock() }))
	mux.HandleFunc("PUT /clock", s.putClock)
	mux.HandleFunc("GET /kms-keys", answerJSON(func() any { return s.KMSKeys() }))
	mux.HandleFunc("PUT /kms-keys/{id}", s.putKMSKey)
	mux.HandleFunc("PUT /credentials/{id}", s.putCredential)
	mux.HandleFunc("DELETE /credentials/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.RemoveCredential(r.PathValue("id"))
		answerError(w, nil)
	})
	mux.HandleFunc("GET /objects", s.getObjectFacts)
	mux.HandleFunc("PATCH /objects", s.patchObject)
	return s.guard(mux)
}

// answerJSON serves what can be asked for.
func answerJSON(get func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(get())
	}
}

// done serves what cannot fail.
func done(act func()) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		act()
		w.WriteHeader(http.StatusNoContent)
	}
}

// answerError serves what may have failed: by the request's fault.
func answerError(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// readJSON reads a body that has to be of the given type.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// decodeJSON is readJSON of a text.
func decodeJSON(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// postFaults takes all faults of a request or none.
func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	var faults []Fault
	err := readJSON(w, r, &faults)
	if err != nil {
		err = fmt.Errorf("a JSON array of faults is expected: %w", err)
	} else {
		err = checkFaults(faults)
	}
	if err == nil {
		s.faults.add(faults)
	}
	answerError(w, err)
}

// postFaultOfKind takes one fault by name.
func (s *Server) postFaultOfKind(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	fault, err := FaultOfKind(r.PathValue("kind"), query.Get("op"))
	fault.Key = query.Get("key")
	for name, into := range map[string]*int{"times": &fault.Times, "skip": &fault.Skip} {
		if text := query.Get(name); text != "" && err == nil {
			*into, err = strconv.Atoi(text)
		}
	}
	if text := query.Get("percent"); text != "" && err == nil {
		fault.Percent, err = strconv.ParseFloat(text, 64)
	}
	if err == nil {
		err = fault.check()
	}
	if err == nil {
		s.faults.add([]Fault{fault})
	}
	answerError(w, err)
}

func (s *Server) putChaos(w http.ResponseWriter, r *http.Request) {
	var chaos Chaos
	err := readJSON(w, r, &chaos)
	if err == nil {
		err = s.SetChaos(chaos)
	}
	answerError(w, err)
}
