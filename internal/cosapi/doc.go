// Package cosapi talks to Tencent Cloud Object Storage (COS) correctly. It knows COS and nothing
// of Terraform.
//
// # What it adds to the official SDK
//
// Signing and XML are the SDK's (github.com/tencentyun/cos-go-sdk-v5), used one request at a time
// with its retries switched off. This package owns what the SDK leaves to its callers:
//
//   - Encryption is a closed sum type (Encryption) that knows its own headers for every role: a
//     write, a read, the source of a copy, one part of an upload. Call sites never spell a header.
//   - A customer key (SSE-C) is a type (CustomerKey) that no format verb, encoder or logger prints.
//   - There is one retry loop. It honours cancellation and never repeats blindly what may have
//     succeeded: when the answer to a write is lost, a HEAD request finds out whether it arrived.
//   - Every write is verified: the CRC64 and the encryption that COS reports are compared with
//     what was asked. An object that is stored less encrypted than asked is an error, never drift.
//   - Errors are typed (Error, AmbiguousError, EncryptionMismatchError, ...) and carry the request
//     id. Branch on Classify, CodeOf and errors.As, never on text.
//
// # What it does not do
//
// It does not log. Config.Observe is called once per request with named fields, none of which can
// hold a header, a key or a credential.
//
// The numbers in comments such as "document 7745" are those of Tencent Cloud's pages under
// https://www.tencentcloud.com/document/product/436.
package cosapi
