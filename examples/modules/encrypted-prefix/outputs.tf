output "objects" {
  description = "What was written, by the file's path in source_dir."
  value = {
    for path, object in cos_encrypted_object.this : path => {
      key        = object.key
      url        = object.url
      size       = object.size
      crc64      = object.crc64ecma
      encryption = object.encryption
    }
  }
}

output "modes" {
  description = "The modes of encryption that COS reports, each once."
  value       = distinct([for object in cos_encrypted_object.this : object.encryption.mode])
}
