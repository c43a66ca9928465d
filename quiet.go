package main

import (
	"os"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// loggers are the variables of every logger that writes unless its level says otherwise: without
// a level it writes everything, for Terraform to parse and to throw away. That is a third of the
// CPU of a plan.
var loggers = []string{
	"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_PROVIDER_COS",
}

// isLogAsked reports whether environ, in the form of os.Environ, asks for a log that the provider
// has lines for.
func isLogAsked(environ []string) bool {
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if value == "" || strings.EqualFold(value, "off") {
			continue
		}
		if name == "TF_LOG" || name == "TF_TEMP_LOG_PATH" ||
			strings.HasPrefix(name, "TF_LOG_PROVIDER") || strings.HasPrefix(name, "TF_LOG_SDK") {
			return true
		}
	}
	return false
}

// silence turns the loggers off. It has to come before serving, which reads the variables.
func silence() error {
	for _, name := range loggers {
		if err := os.Setenv(name, "off"); err != nil {
			return err
		}
	}
	return nil
}

// errorsOnly is go-plugin's logger for when no log is asked for: left alone it writes, at debug,
// where it listens.
func errorsOnly() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Error, Output: os.Stderr, JSONFormat: true})
}
