package objects

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
)

var errNoReport = errors.New("there is a file that is no report of this provider; remove it, or " +
	"choose another path")

// writeReport writes a page beside its place and moves it there. It replaces nothing but an earlier
// report: a plan must not take a user's file away.
func writeReport(path string, report audit.Report) (err error) {
	if err := mayReplace(path); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	if err := errors.Join(audit.WriteReport(file, report), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// mayReplace reports whether there is nothing at path, or a regular file that is a report.
func mayReplace(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errNoReport
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	start, err := io.ReadAll(io.LimitReader(file, 4096))
	if err != nil {
		return err
	}
	if !bytes.Contains(start, []byte(audit.ReportMark)) {
		return errNoReport
	}
	return nil
}
