package cosemu

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// AdminHandler serves the journal and the faults to other programs: GET and DELETE /journal, GET
// /requests (how many of each operation there were), POST and DELETE /faults. It is for loopback only and has no authentication.
func (s *Server) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /journal", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.Journal())
	})
	mux.HandleFunc("DELETE /journal", func(w http.ResponseWriter, _ *http.Request) {
		s.ResetJournal()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.RequestCounts())
	})
	mux.HandleFunc("POST /faults", s.postFaults)
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// postFaults takes all faults of a request or none.
func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	var faults []Fault
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&faults)
	if err != nil {
		err = fmt.Errorf("a JSON array of faults is expected: %w", err)
	} else {
		err = checkFaults(faults)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.faults.add(faults)
	w.WriteHeader(http.StatusNoContent)
}
