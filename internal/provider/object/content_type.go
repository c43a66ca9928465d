package object

import (
	"path"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// defaultContentType is what an object is served as when its name says nothing.
const defaultContentType = "application/octet-stream"

// contentTypes maps extensions to media types as registered with IANA, or as browsers expect
// them. The table is part of the provider because the tables of operating systems differ, and a
// plan must not depend on the machine.
var contentTypes = map[string]string{
	".7z":          "application/x-7z-compressed",
	".aac":         "audio/aac",
	".apk":         "application/vnd.android.package-archive",
	".atom":        "application/atom+xml",
	".avi":         "video/x-msvideo",
	".avif":        "image/avif",
	".bmp":         "image/bmp",
	".br":          "application/x-brotli",
	".bz2":         "application/x-bzip2",
	".cer":         "application/pkix-cert",
	".conf":        "text/plain; charset=utf-8",
	".crl":         "application/pkix-crl",
	".crt":         "application/x-x509-ca-cert",
	".css":         "text/css; charset=utf-8",
	".csv":         "text/csv; charset=utf-8",
	".deb":         "application/vnd.debian.binary-package",
	".dmg":         "application/x-apple-diskimage",
	".doc":         "application/msword",
	".docx":        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".eot":         "application/vnd.ms-fontobject",
	".epub":        "application/epub+zip",
	".exe":         "application/vnd.microsoft.portable-executable",
	".flac":        "audio/flac",
	".geojson":     "application/geo+json",
	".gif":         "image/gif",
	".gz":          "application/gzip",
	".heic":        "image/heic",
	".htm":         "text/html; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/vnd.microsoft.icon",
	".ics":         "text/calendar; charset=utf-8",
	".jar":         "application/java-archive",
	".jpeg":        "image/jpeg",
	".jpg":         "image/jpeg",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".jsonl":       "application/jsonl",
	".jsonld":      "application/ld+json",
	".log":         "text/plain; charset=utf-8",
	".m3u8":        "application/vnd.apple.mpegurl",
	".m4a":         "audio/mp4",
	".map":         "application/json",
	".md":          "text/markdown; charset=utf-8",
	".mid":         "audio/midi",
	".mjs":         "text/javascript; charset=utf-8",
	".mkv":         "video/matroska",
	".mov":         "video/quicktime",
	".mp3":         "audio/mpeg",
	".mp4":         "video/mp4",
	".mpeg":        "video/mpeg",
	".mpg":         "video/mpeg",
	".msi":         "application/x-msi",
	".ndjson":      "application/x-ndjson",
	".odp":         "application/vnd.oasis.opendocument.presentation",
	".ods":         "application/vnd.oasis.opendocument.spreadsheet",
	".odt":         "application/vnd.oasis.opendocument.text",
	".oga":         "audio/ogg",
	".ogg":         "audio/ogg",
	".ogv":         "video/ogg",
	".opus":        "audio/ogg",
	".otf":         "font/otf",
	".parquet":     "application/vnd.apache.parquet",
	".pdf":         "application/pdf",
	".pem":         "application/x-pem-file",
	".png":         "image/png",
	".ppt":         "application/vnd.ms-powerpoint",
	".pptx":        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".properties":  "text/plain; charset=utf-8",
	".ps":          "application/postscript",
	".rar":         "application/vnd.rar",
	".rpm":         "application/x-rpm",
	".rss":         "application/rss+xml",
	".rtf":         "application/rtf",
	".sh":          "application/x-sh",
	".sql":         "application/sql",
	".sqlite":      "application/vnd.sqlite3",
	".svg":         "image/svg+xml",
	".tar":         "application/x-tar",
	".tgz":         "application/gzip",
	".tif":         "image/tiff",
	".tiff":        "image/tiff",
	".toml":        "application/toml",
	".ts":          "video/mp2t",
	".tsv":         "text/tab-separated-values; charset=utf-8",
	".ttf":         "font/ttf",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".wav":         "audio/wav",
	".weba":        "audio/webm",
	".webm":        "video/webm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
	".xhtml":       "application/xhtml+xml",
	".xls":         "application/vnd.ms-excel",
	".xlsx":        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".xml":         "application/xml",
	".xz":          "application/x-xz",
	".yaml":        "application/yaml",
	".yml":         "application/yaml",
	".zip":         "application/zip",
	".zst":         "application/zstd",
}

// guessContentType is the content type of an object whose configuration names none: by the
// extension of its key, then by that of the file, if there is one. It is unknown only while the
// name that decides is.
func guessContentType(key, source types.String) types.String {
	for _, name := range []types.String{key, source} {
		if name.IsUnknown() {
			return types.StringUnknown()
		}
		if guess, ok := contentTypes[strings.ToLower(path.Ext(name.ValueString()))]; ok {
			return types.StringValue(guess)
		}
	}
	return types.StringValue(defaultContentType)
}
