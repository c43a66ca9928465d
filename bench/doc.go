// Command bench measures whole commands: Terraform and a provider as processes, against the emulator
// with 20 ms of latency, beside two floors. It is for this repository's own figures (make bench-cli)
// and never shipped.
//
//   - floor is the least that a framework provider can do for an object: one bare request per
//     operation, seven attributes.
//   - shape is the least that any provider can do with our schema: one bare request per operation,
//     written on the protocol itself. What it costs more than floor is what the schema costs core.
//
// Only ratios within one run mean something: everything shares the cores of one machine.
package main
