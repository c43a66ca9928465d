// Package faults holds the proof that nothing is lost when things break: tests and nothing else,
// which no package imports. RELIABILITY.md shows what they print.
//
//   - The matrix: every operation, with every fault at every one of its requests, through a TLS
//     proxy that is written here and shares nothing with client or emulator.
//   - Kills: the provider's process dies before and after every request that changes something.
//   - The soak: many objects while a share of all requests breaks.
//   - Canaries: what a server echoes of a secret is found nowhere.
//
// make test runs a short form of each, make faults all of it.
package faults
