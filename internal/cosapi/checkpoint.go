package cosapi

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"sync"
)

// checkpoint is the note of one multipart upload under way. After this process was killed, the next
// upload of the object continues the one that the note names, or removes it.
//
// A checkpoint is a file of one JSON value per line: a checkpointHead, then a checkpointPart per
// part that COS has. Lines are only added, so that a kill can damage no more than the last one. The
// file is locked for as long as its upload runs: two processes that upload to one key must not take
// each other's upload for one that was abandoned.
//
// A nil *checkpoint notes nothing: that no note can be taken is no reason for an upload to fail.
type checkpoint struct {
	mu   sync.Mutex
	file *os.File
}

// checkpointHead is what an upload was begun with. There is no key in it, nor anything that one
// could be found from but the MD5 that COS itself returns.
type checkpointHead struct {
	Version  int    `json:"version"`
	Object   string `json:"object"`    // for people
	UploadID string `json:"upload_id"` // "" while nobody knows whether one began
	BeganNS  int64  `json:"began_ns"`
	// Headers is a digest of the headers of the Initiate, without the key.
	Headers        string   `json:"headers_sha256"`
	CustomerKeyMD5 string   `json:"customer_key_md5,omitempty"`
	PartSize       int64    `json:"part_size"`
	File           FileFact `json:"file"` // without CRC64
}

// checkpointVersion is the form of the file; one of another form is not continued.
const checkpointVersion = 1

// checkpointPart is a part that COS has confirmed.
type checkpointPart struct {
	Number int    `json:"part"`
	ETag   string `json:"etag"`
	CRC64  uint64 `json:"crc64,string"`
}

// savedUpload is what a checkpoint says.
type savedUpload struct {
	head  checkpointHead
	parts map[int]checkpointPart
}

// continues reports whether an upload that was begun with saved stores the same as one that begins
// with h. A file that was written within seconds of the saved beginning could have changed after
// parts of it were sent, and look the same.
func (h checkpointHead) continues(saved checkpointHead) bool {
	if saved.File == (FileFact{}) || saved.BeganNS-saved.File.MTimeNS <= int64(settled) {
		return false
	}
	saved.UploadID, saved.BeganNS = h.UploadID, h.BeganNS
	return saved == h
}

// openCheckpoint locks the checkpoint at a path, made if need be, and reads it. The upload is nil
// if it names none. It fails if another upload has the lock or the file cannot be made.
func openCheckpoint(path string) (*checkpoint, *savedUpload, error) {
	file, err := openLocked(path)
	if err != nil {
		return nil, nil, err
	}
	saved, whole := readCheckpoint(file)
	// What a kill left of a last line is written over.
	if _, err := file.Seek(whole, io.SeekStart); err != nil {
		_ = file.Close()
		return nil, nil, err
	}
	return &checkpoint{file: file}, saved, nil
}

// readCheckpoint returns what the lines say and the length of those that are whole. Without a
// valid first line there is nothing, and a later line replaces an earlier one of the same part.
func readCheckpoint(r io.Reader) (*savedUpload, int64) {
	lines := bufio.NewReader(r)
	saved := savedUpload{parts: map[int]checkpointPart{}}
	var whole int64
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		if whole == 0 {
			err = json.Unmarshal(line, &saved.head)
		} else {
			err = saved.addPart(line)
		}
		if err != nil {
			break
		}
		whole += int64(len(line))
	}
	if saved.head.UploadID == "" && saved.head.BeganNS == 0 {
		return nil, 0
	}
	return &saved, whole
}

func (s *savedUpload) addPart(line []byte) error {
	var part checkpointPart
	if err := json.Unmarshal(line, &part); err != nil {
		return err
	}
	s.parts[part.Number] = part
	return nil
}

// begin replaces whatever was noted by the head of a new upload. An upload whose head cannot be
// noted goes on without a checkpoint.
func (k *checkpoint) begin(head checkpointHead) *checkpoint {
	if k == nil {
		return nil
	}
	err := k.file.Truncate(0)
	if err == nil {
		_, err = k.file.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = k.write(head)
	}
	if err == nil {
		err = k.file.Sync()
	}
	if err != nil {
		k.remove()
		return nil
	}
	return k
}

// add notes a part. A part that could not be noted is sent again after a kill.
func (k *checkpoint) add(part checkpointPart) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_ = k.write(part)
}

// write adds a line in one piece.
func (k *checkpoint) write(value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = k.file.Write(append(line, '\n'))
	return err
}

// keep leaves the checkpoint for the next upload: the one that it names could not be removed.
func (k *checkpoint) keep() {
	if k != nil {
		_ = k.file.Close()
	}
}

// remove ends a checkpoint whose upload is gone, completed or aborted.
func (k *checkpoint) remove() {
	if k != nil {
		removeLocked(k.file)
	}
}
