package cosemu

import (
	"encoding/json"
	"net/http"
)

// AdminHandler serves the journal and the faults to other programs: GET and DELETE /journal, POST
// and DELETE /faults. It is for loopback only and has no authentication.
func (s *Server) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /journal", func(w http.ResponseWriter, _ *http.Request) {
		entries := s.Journal()
		if entries == nil {
			entries = []JournalEntry{}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(entries)
	})
	mux.HandleFunc("DELETE /journal", func(w http.ResponseWriter, _ *http.Request) {
		s.ResetJournal()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /faults", s.postFaults)
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	var faults []Fault
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&faults); err != nil {
		http.Error(w, "a JSON array of faults is expected: "+err.Error(), http.StatusBadRequest)
		return
	}
	s.AddFaults(faults...)
	w.WriteHeader(http.StatusNoContent)
}
