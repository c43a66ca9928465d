package cosemu

import (
	"path"
	"strings"
)

// contentTypes are by the extension of the key. That COS gives a write without Content-Type one by
// its key is shown by live tests of the official Node SDK; its table is not documented, so this one
// has only what is not disputed.
var contentTypes = map[string]string{
	".7z": "application/x-7z-compressed", ".avi": "video/x-msvideo", ".bmp": "image/bmp",
	".css": "text/css", ".csv": "text/csv", ".doc": "application/msword",
	".gif": "image/gif", ".gz": "application/gzip", ".htm": "text/html", ".html": "text/html",
	".ico": "image/x-icon", ".jpeg": "image/jpeg", ".jpg": "image/jpeg",
	".js": "application/javascript", ".json": "application/json", ".mov": "video/quicktime",
	".mp3": "audio/mpeg", ".mp4": "video/mp4", ".pdf": "application/pdf", ".png": "image/png",
	".ppt": "application/vnd.ms-powerpoint", ".svg": "image/svg+xml", ".tar": "application/x-tar",
	".tif": "image/tiff", ".tiff": "image/tiff", ".txt": "text/plain", ".wav": "audio/x-wav",
	".webp": "image/webp", ".xls": "application/vnd.ms-excel", ".xml": "application/xml",
	".zip": "application/zip",
}

const unknownContentType = "application/octet-stream"

// contentTypeOf is the type of an object whose write names none.
func contentTypeOf(key string) string {
	if known, ok := contentTypes[strings.ToLower(path.Ext(key))]; ok {
		return known
	}
	return unknownContentType
}
