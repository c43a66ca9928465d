package cosemu

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// Settings are what of a Config may change while the server runs; the members mean what they mean
// there. In JSON, which the admin address speaks, durations are texts such as 1.5s.
type Settings struct {
	Choices
	Latency        Duration `json:"latency"`
	RestoreDelay   Duration `json:"restore_delay"`
	CompleteDelay  Duration `json:"complete_delay"`
	ListLag        Duration `json:"list_lag"`
	CopyLimit      int64    `json:"copy_limit"`
	AllowPlainHTTP bool     `json:"allow_plain_http"`
}

// Duration is a time.Duration that is a text in JSON.
type Duration time.Duration

// String implements fmt.Stringer.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// settings are those of a configuration.
func (c Config) settings() Settings {
	return Settings{
		Latency: Duration(c.Latency), RestoreDelay: Duration(c.RestoreDelay),
		CompleteDelay: Duration(c.CompleteDelay), ListLag: Duration(c.ListLag),
		CopyLimit: c.CopyLimit, AllowPlainHTTP: c.AllowPlainHTTP, Choices: c.Choices,
	}
}

// check refuses what no account can be.
func (s Settings) check() error {
	switch {
	case min(s.Latency, s.RestoreDelay, s.CompleteDelay, s.ListLag) < 0 || s.CopyLimit < 0:
		return errors.New("delays, lags and limits must not be negative")
	}
	return s.Choices.check()
}

// Settings returns the settings as they are.
func (s *Server) Settings() Settings { return *s.current.Load() }

// ChangeSettings changes settings for the requests that come from now on. Where change makes
// settings that cannot be, all stay as they are.
func (s *Server) ChangeSettings(change func(*Settings)) error {
	return s.changeSettings(func(settings *Settings) error {
		change(settings)
		return nil
	})
}

func (s *Server) changeSettings(change func(*Settings) error) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	settings := s.Settings()
	if err := change(&settings); err != nil {
		return err
	}
	if err := settings.check(); err != nil {
		return err
	}
	s.store.lag = time.Duration(settings.ListLag)
	s.current.Store(&settings)
	return nil
}

// patchSettings changes the settings that the request names.
func (s *Server) patchSettings(w http.ResponseWriter, r *http.Request) {
	var members map[string]json.RawMessage
	err := readJSON(w, r, &members)
	if err == nil {
		err = s.mergeSettings(members)
	}
	answerError(w, err)
}

func (s *Server) mergeSettings(members map[string]json.RawMessage) error {
	text, err := json.Marshal(members)
	if err != nil {
		return err
	}
	return s.changeSettings(func(settings *Settings) error { return decodeJSON(text, settings) })
}
